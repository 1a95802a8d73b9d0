package export_wasi_http_incoming_handler

import (
	"errors"

	"wit_component/wasi_keyvalue_eventual"
	"wit_component/wasi_keyvalue_types"
	"wit_component/wasi_keyvalue_wasi_keyvalue_error"
)

// A person's bucket, by wasi:keyvalue/eventual: values are resources that are consumed once.
type bucket struct{ handle *wasi_keyvalue_types.Bucket }

func open(name string) (bucket, error) {
	opened := wasi_keyvalue_types.BucketOpenBucket("user:" + name)
	if opened.IsErr() {
		return bucket{}, asError(opened.Err())
	}
	return bucket{opened.Ok()}, nil
}

func (b bucket) close() { b.handle.Drop() }

// get also says whether there is a value.
func (b bucket) get(key string) (string, bool, error) {
	got := wasi_keyvalue_eventual.Get(b.handle, key)
	if got.IsErr() {
		return "", false, asError(got.Err())
	}
	if got.Ok().IsNone() {
		return "", false, nil
	}
	value := wasi_keyvalue_types.IncomingValueIncomingValueConsumeSync(got.Ok().Some())
	if value.IsErr() {
		return "", false, asError(value.Err())
	}
	return string(value.Ok()), true, nil
}

func (b bucket) set(key, value string) error {
	outgoing := wasi_keyvalue_types.OutgoingValueNewOutgoingValue()
	defer outgoing.Drop()
	if written := outgoing.OutgoingValueWriteBodySync([]byte(value)); written.IsErr() {
		return asError(written.Err())
	}
	if done := wasi_keyvalue_eventual.Set(b.handle, key, outgoing); done.IsErr() {
		return asError(done.Err())
	}
	return nil
}

func (b bucket) delete(key string) error {
	if done := wasi_keyvalue_eventual.Delete(b.handle, key); done.IsErr() {
		return asError(done.Err())
	}
	return nil
}

func asError(problem *wasi_keyvalue_wasi_keyvalue_error.Error) error {
	defer problem.Drop()
	return errors.New(problem.Trace())
}
