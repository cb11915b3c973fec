package abi

import (
	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm"
	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"
)

// A Plugin is one configured instance of the module: the SDK's plugin context,
// and the answers to its callouts.
type Plugin interface {
	types.PluginContext

	// OnCallout gets the answer to Call, also when the stream that wanted it is
	// gone (the SDK would drop it). While it runs the callout's maps and body
	// can be read; no headers means that there was no answer.
	OnCallout(id uint32, headers, bodySize, trailers int)

	// OnEnd is the last callback: the host takes the plugin away, all of its streams
	// before. Shared data can still be written.
	OnEnd()
}

// Serve makes newPlugin the module's only content. It is called once, from init
// of package main: hosts initialise a module that is a library, and never run
// main.
func Serve(newPlugin func(contextID uint32) Plugin) {
	installBridge()
	proxywasm.SetVMContext(&vmContext{newPlugin: newPlugin})
}

type vmContext struct {
	types.DefaultVMContext
	newPlugin func(uint32) Plugin
}

func (v *vmContext) NewPluginContext(id uint32) types.PluginContext {
	p := v.newPlugin(id)
	if plugins.byID == nil {
		plugins.byID = map[uint32]Plugin{}
	}
	plugins.byID[id] = p
	return p
}

// plugins are those that there are. The host names the one that a stream is for, or the answer to a
// callout; the plugin knows by the callout's number what it was for.
var plugins struct {
	byID map[uint32]Plugin
	last Plugin // that a stream was for, and its number
	id   uint32
}
