// Package export_wasi_http_incoming_handler answers every request with one line of text.
// Its name and that of Handle are what the generated bindings look for.
package export_wasi_http_incoming_handler

import (
	"runtime"
	"runtime/debug"

	wit "go.bytecodealliance.org/pkg/wit/types"
	http "wit_component/wasi_http_types"
)

// The collector may not run while the host allocates in this component: it calls the clock, which
// traps there. So it runs only when a request is done.
func init() { debug.SetGCPercent(-1) }

// Handle responds to one request.
func Handle(request *http.IncomingRequest, out *http.ResponseOutparam) {
	defer runtime.GC()
	request.Drop()

	headers := http.MakeFields()
	headers.Set("content-type", [][]byte{[]byte("text/plain; charset=utf-8")})
	response := http.MakeOutgoingResponse(headers)
	body := response.Body().Ok()
	http.ResponseOutparamSet(out, wit.Ok[*http.OutgoingResponse, http.ErrorCode](response))

	stream := body.Write().Ok()
	stream.BlockingWriteAndFlush([]byte("Hello from Go!\n"))
	// The stream is a child of the body and must go first.
	stream.Drop()
	http.OutgoingBodyFinish(body, wit.None[*http.Fields]())
}
