package hostsim

// grpcState is what a root context may read in the gRPC callback that runs.
type grpcState struct {
	initial, trailing *headerMap
	message           []byte
}

func grpcFuncs() []hostFunc {
	unimplemented := func(*vm, []uint64) Status { return StatusUnimplemented }
	return []hostFunc{
		statusFunc("proxy_grpc_call", 12, unimplemented),
		statusFunc("proxy_grpc_stream", 9, unimplemented),
		statusFunc("proxy_grpc_cancel", 1, unimplemented),
		statusFunc("proxy_grpc_close", 1, unimplemented),
		statusFunc("proxy_grpc_send", 4, unimplemented),
	}
}
