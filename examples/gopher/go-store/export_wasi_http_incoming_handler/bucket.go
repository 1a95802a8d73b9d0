package export_wasi_http_incoming_handler

import (
	"errors"

	"wit_component/wasi_keyvalue_store"
)

// A person's bucket, by wasi:keyvalue/store.
type bucket struct{ handle *wasi_keyvalue_store.Bucket }

func open(name string) (bucket, error) {
	opened := wasi_keyvalue_store.Open("user:" + name)
	if opened.IsErr() {
		return bucket{}, asError(opened.Err())
	}
	return bucket{opened.Ok()}, nil
}

func (b bucket) close() { b.handle.Drop() }

// get also says whether there is a value.
func (b bucket) get(key string) (string, bool, error) {
	got := b.handle.Get(key)
	if got.IsErr() {
		return "", false, asError(got.Err())
	}
	if got.Ok().IsNone() {
		return "", false, nil
	}
	return string(got.Ok().Some()), true, nil
}

func (b bucket) set(key, value string) error {
	if done := b.handle.Set(key, []byte(value)); done.IsErr() {
		return asError(done.Err())
	}
	return nil
}

func (b bucket) delete(key string) error {
	if done := b.handle.Delete(key); done.IsErr() {
		return asError(done.Err())
	}
	return nil
}

func asError(problem wasi_keyvalue_store.Error) error {
	switch problem.Tag() {
	case wasi_keyvalue_store.ErrorNoSuchStore:
		return errors.New("no such store")
	case wasi_keyvalue_store.ErrorAccessDenied:
		return errors.New("access denied")
	}
	return errors.New(problem.Other())
}
