package hostsim

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// callback numbers the functions that a module may export for the host.
type callback uint8

const (
	cbInitialize callback = iota
	cbStart
	cbMain
	cbMainVoid
	cbMalloc
	cbMemoryAllocate
	cbContextCreate
	cbVMStart
	cbConfigure
	cbTick
	cbRequestHeaders
	cbRequestBody
	cbRequestTrailers
	cbResponseHeaders
	cbResponseBody
	cbResponseTrailers
	cbCalloutResponse
	cbGrpcInitialMetadata
	cbGrpcMessage
	cbGrpcTrailingMetadata
	cbGrpcClose
	cbQueueReady
	cbForeignFunction
	cbDone
	cbLog
	cbDelete
	callbackCount
)

type callbackType struct {
	name    string
	params  int
	results int
}

// typ is a callback's name and signature; all values are i32.
func (cb callback) typ() callbackType {
	switch cb {
	case cbInitialize:
		return callbackType{"_initialize", 0, 0}
	case cbStart:
		return callbackType{"_start", 0, 0}
	case cbMain:
		return callbackType{"main", 2, 1}
	case cbMainVoid:
		return callbackType{"__main_void", 0, 1}
	case cbMalloc:
		return callbackType{"malloc", 1, 1}
	case cbMemoryAllocate:
		return callbackType{"proxy_on_memory_allocate", 1, 1}
	case cbContextCreate:
		return callbackType{"proxy_on_context_create", 2, 0}
	case cbVMStart:
		return callbackType{"proxy_on_vm_start", 2, 1}
	case cbConfigure:
		return callbackType{"proxy_on_configure", 2, 1}
	case cbTick:
		return callbackType{"proxy_on_tick", 1, 0}
	case cbRequestHeaders:
		return callbackType{"proxy_on_request_headers", 3, 1}
	case cbRequestBody:
		return callbackType{"proxy_on_request_body", 3, 1}
	case cbRequestTrailers:
		return callbackType{"proxy_on_request_trailers", 2, 1}
	case cbResponseHeaders:
		return callbackType{"proxy_on_response_headers", 3, 1}
	case cbResponseBody:
		return callbackType{"proxy_on_response_body", 3, 1}
	case cbResponseTrailers:
		return callbackType{"proxy_on_response_trailers", 2, 1}
	case cbCalloutResponse:
		return callbackType{"proxy_on_http_call_response", 5, 0}
	case cbGrpcInitialMetadata:
		return callbackType{"proxy_on_grpc_receive_initial_metadata", 3, 0}
	case cbGrpcMessage:
		return callbackType{"proxy_on_grpc_receive", 3, 0}
	case cbGrpcTrailingMetadata:
		return callbackType{"proxy_on_grpc_receive_trailing_metadata", 3, 0}
	case cbGrpcClose:
		return callbackType{"proxy_on_grpc_close", 3, 0}
	case cbQueueReady:
		return callbackType{"proxy_on_queue_ready", 2, 0}
	case cbForeignFunction:
		return callbackType{"proxy_on_foreign_function", 3, 0}
	case cbDone:
		return callbackType{"proxy_on_done", 1, 1}
	case cbLog:
		return callbackType{"proxy_on_log", 1, 0}
	case cbDelete:
		return callbackType{"proxy_on_delete", 1, 0}
	}
	return callbackType{}
}

// checkExports refuses what a host would refuse when it loads the module.
func checkExports(exported map[string]api.FunctionDefinition, memories map[string]api.MemoryDefinition) error {
	if _, ok := memories["memory"]; !ok {
		return errors.New("module exports no memory named memory")
	}
	_, malloc := exported["malloc"]
	_, allocate := exported["proxy_on_memory_allocate"]
	if !malloc && !allocate {
		return errors.New("module exports neither malloc nor proxy_on_memory_allocate")
	}
	var bad []string
	for cb := range callbackCount {
		t := cb.typ()
		def, ok := exported[t.name]
		if !ok {
			continue
		}
		if cb == cbMain || cb == cbMainVoid {
			continue // only called in a reactor; checked there
		}
		if !allI32(def.ParamTypes(), t.params) || !allI32(def.ResultTypes(), t.results) {
			bad = append(bad, fmt.Sprintf("%s: want %d i32 in and %d out, got %s",
				t.name, t.params, t.results, signature(def.ParamTypes(), def.ResultTypes())))
		}
	}
	if len(bad) > 0 {
		sort.Strings(bad)
		return fmt.Errorf("module exports callbacks with another signature: %s", strings.Join(bad, "; "))
	}
	return nil
}

func allI32(ts []api.ValueType, n int) bool {
	if len(ts) != n {
		return false
	}
	for _, t := range ts {
		if t != api.ValueTypeI32 {
			return false
		}
	}
	return true
}
