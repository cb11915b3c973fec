// Functions without a body (go:linkname, go:wasmimport) need an assembly file beside them.
