package main

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/abi"
	"github.com/postern-gateway/postern/plugin/internal/state"
)

func init() {
	abi.Serve(func(uint32) abi.Plugin { return &plugin{vm: rand.Uint64()} })
}

// host is what the gateway's shell has.
type host struct{}

func (host) Load(key string) ([]byte, uint32, bool) {
	value, version, err := abi.Load(key)
	return value, version, err == nil
}

func (host) Store(key string, value []byte, version uint32) error {
	err := abi.Store(key, value, version)
	if err == abi.ErrCASMismatch {
		return state.ErrConflict
	}
	return err
}

type plugin struct {
	types.DefaultPluginContext
	vm            uint64
	configuration string
	table         *state.Table
}

func (p *plugin) OnPluginStart(size int) types.OnPluginStartStatus {
	b, err := abi.Buffer(abi.PluginConfiguration, 0, size)
	if err != nil {
		return types.OnPluginStartStatusFailed
	}
	p.configuration = string(b)
	space, _, _ := strings.Cut(p.configuration, " ")
	p.table = state.New(host{}, space, "tally", state.Shape{Buckets: 8, Ways: 8, Bytes: 100})
	return types.OnPluginStartStatusOK
}

func (p *plugin) OnCallout(uint32, int, int, int) {}

// OnEnd has nothing to do.
func (p *plugin) OnEnd() {}

func (p *plugin) NewHttpContext(uint32) types.HttpContext { return &stream{p: p} }

type stream struct {
	types.DefaultHttpContext
	p *plugin
}

func (s *stream) OnHttpRequestHeaders(int, bool) types.Action {
	headers, err := abi.Headers[adapters.Header](nil, abi.RequestHeaders)
	var body string
	if err == nil {
		body, err = s.p.answer(path(headers))
	}
	status := 200
	if err != nil {
		status, body = 503, err.Error()
	}
	reply := []adapters.Header{
		{Name: "x-vm", Value: strconv.FormatUint(s.p.vm, 16)},
		{Name: "x-configuration", Value: s.p.configuration},
	}
	if err := abi.Reply(status, "", reply, []byte(body)); err != nil {
		panic(err)
	}
	return types.ActionPause
}

func path(headers []adapters.Header) string {
	for _, h := range headers {
		if h.Name == ":path" {
			return h.Value
		}
	}
	return ""
}

const forever = 1<<63 - 1

func (p *plugin) answer(path string) (string, error) {
	now := abi.Now()
	verb, list, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	names := strings.Split(list, ",")
	switch verb {
	case "add":
		for _, n := range names {
			if err := p.table.Update(p.table.ID(n), now, add(n)); err != nil {
				return "", err
			}
		}
		return "added", nil
	case "both":
		return "added", p.both(names, now)
	case "crash":
		var r state.Record
		p.table.Load(&r, p.table.ID(list), now)
		panic("as the request wants it")
	case "ids":
		return p.ids(list), nil
	case "loads":
		return "loaded", p.loads(list, now)
	case "all":
		var b strings.Builder
		p.table.Each(now, func(_ state.ID, value []byte, _ int64) { b.Write(append(value, '\n')) })
		return b.String(), nil
	}
	return "", nil
}

// add counts one more; a value is "name count".
func add(name string) func([]byte) ([]byte, int64) {
	return func(old []byte) ([]byte, int64) {
		_, count, _ := strings.Cut(string(old), " ")
		n := 0
		if old != nil {
			var err error
			if n, err = strconv.Atoi(count); err != nil {
				panic(err)
			}
		}
		return []byte(name + " " + strconv.Itoa(n+1)), forever
	}
}

// both loads all records, then stores them; what was stored meanwhile is tried alone.
func (p *plugin) both(names []string, now int64) error {
	records := make([]state.Record, len(names))
	for i, n := range names {
		p.table.Load(&records[i], p.table.ID(n), now)
	}
	for i, n := range names {
		value, expires := add(n)(records[i].Value())
		err := p.table.Store(&records[i], value, expires)
		if errors.Is(err, state.ErrConflict) {
			err = p.table.Update(p.table.ID(n), now, add(n))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *plugin) loads(name string, now int64) error {
	var value [100]byte
	for range 100 {
		var r state.Record
		p.table.Load(&r, p.table.ID("name", name), now)
		if err := p.table.Store(&r, value[:], forever); err != nil {
			return err
		}
	}
	return nil
}

// ids returns what nobody needs, so that it is computed.
func (p *plugin) ids(name string) string {
	var id state.ID
	for range 100 {
		id = p.table.ID("name", name)
	}
	return string(id[:])
}
