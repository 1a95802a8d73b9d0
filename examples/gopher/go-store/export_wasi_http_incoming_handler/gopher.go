// Package export_wasi_http_incoming_handler remembers people and their animals in wasi:keyvalue, one bucket for each
// person. Its name and that of Handle are what the generated bindings look for; bucket.go has what differs between
// the generations of the interface.
package export_wasi_http_incoming_handler

import (
	"fmt"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"

	wit "go.bytecodealliance.org/pkg/wit/types"
	http "wit_component/wasi_http_types"
)

// The collector may not run while the host allocates in this component: it calls the clock, which
// traps there. So it runs only when a request is done.
func init() { debug.SetGCPercent(-1) }

// Handle responds to one request.
func Handle(request *http.IncomingRequest, out *http.ResponseOutparam) {
	defer runtime.GC()
	path, query, _ := strings.Cut(request.PathWithQuery().SomeOr("/"), "?")
	method := request.Method().Tag()
	request.Drop()

	status, text, err := answer(method, strings.TrimLeft(path, "/"), query)
	if err != nil {
		status, text = 502, fmt.Sprintf("The store did not answer: %s\n", err)
	}
	respond(out, status, text)
}

func answer(method uint8, name, query string) (uint16, string, error) {
	switch {
	case method == http.MethodGet && name == "":
		return 200, "PUT /NAME?animal=ANIMAL&language=LANGUAGE, then GET /NAME.\n", nil
	case method == http.MethodGet:
		return greet(name)
	case method == http.MethodPut:
		return remember(name, query)
	case method == http.MethodDelete:
		return forget(name)
	}
	return 405, "Only GET, PUT and DELETE.\n", nil
}

func greet(name string) (uint16, string, error) {
	bucket, err := open(name)
	if err != nil {
		return 0, "", err
	}
	defer bucket.close()
	animal, known, err := bucket.get("animal")
	if err != nil {
		return 0, "", err
	}
	if !known {
		return 404, name + " is not known.\n", nil
	}
	language, _, err := bucket.get("accept-language")
	if err != nil {
		return 0, "", err
	}
	short, _, _ := strings.Cut(language, "-")
	hello, spoken := map[string]string{"de": "Hallo", "fr": "Bonjour", "zh": "你好"}[short]
	if !spoken {
		hello = "Hello"
	}
	return 200, fmt.Sprintf("%s %s, greetings to your %s!\n", hello, name, animal), nil
}

func remember(name, query string) (uint16, string, error) {
	parameters, _ := url.ParseQuery(query)
	animal, language := parameters.Get("animal"), parameters.Get("language")
	if animal == "" {
		return 400, fmt.Sprintf("Which animal? PUT /%s?animal=ANIMAL\n", name), nil
	}
	if language == "" {
		language = "en"
	}
	bucket, err := open(name)
	if err != nil {
		return 0, "", err
	}
	defer bucket.close()
	if err := bucket.set("animal", animal); err != nil {
		return 0, "", err
	}
	if err := bucket.set("accept-language", language); err != nil {
		return 0, "", err
	}
	return 201, name + " is known.\n", nil
}

func forget(name string) (uint16, string, error) {
	bucket, err := open(name)
	if err != nil {
		return 0, "", err
	}
	defer bucket.close()
	if err := bucket.delete("animal"); err != nil {
		return 0, "", err
	}
	if err := bucket.delete("accept-language"); err != nil {
		return 0, "", err
	}
	return 200, name + " is forgotten.\n", nil
}

func respond(out *http.ResponseOutparam, status uint16, text string) {
	headers := http.MakeFields()
	headers.Set("content-type", [][]byte{[]byte("text/plain; charset=utf-8")})
	response := http.MakeOutgoingResponse(headers)
	response.SetStatusCode(status)
	body := response.Body().Ok()
	http.ResponseOutparamSet(out, wit.Ok[*http.OutgoingResponse, http.ErrorCode](response))

	stream := body.Write().Ok()
	stream.BlockingWriteAndFlush([]byte(text))
	// The stream is a child of the body and must go first.
	stream.Drop()
	http.OutgoingBodyFinish(body, wit.None[*http.Fields]())
}
