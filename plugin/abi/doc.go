// Package abi joins the Tetrate proxy-wasm SDK to the standard Go compiler.
//
// The SDK was written for TinyGo. Built by the standard compiler it sends every
// host call through a Go interface and offers every callback as a Go function;
// this package supplies that interface from //go:wasmimport functions and calls
// those functions from //go:wasmexport ones. What a request needs often goes
// past the SDK, straight to the host and without copying.
//
// The ABI is proxy-wasm 0.2.0: https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.0
//
// This is the only package of the module that may use unsafe. Bytes and strings
// that it returns from the host are valid until the callback in which they were
// read returns; whoever keeps them longer copies them.
package abi
