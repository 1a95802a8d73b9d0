"""One suite for every backend: the rules of wasi:keyvalue and wasi:blobstore as the capabilities' Protocols state them."""
