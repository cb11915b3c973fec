package hostsim

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// A VM describes the virtual machine of a plugin. Plugins with the same module,
// ID and Configuration share one VM on each worker.
type VM struct {
	ID            string
	Configuration string
	Env           map[string]string
}

// A FailurePolicy says what becomes of requests once a plugin's VM has failed.
type FailurePolicy uint8

// The failure policies.
const (
	FailClosed FailurePolicy = iota // answer 503
	FailOpen                        // answer the stream that met the failure 503, leave the plugin out of later ones
	FailReload                      // answer 503, and start a new VM for the next stream
)

// A Plugin is one Wasm filter: code, its VM and its configuration.
type Plugin struct {
	Module        *Module
	Name          string
	RootID        string
	Configuration string
	VM            VM
	FailurePolicy FailurePolicy
	// ReloadBackoff is the least time from a start of the VM to the next; 0 is
	// Envoy's second.
	ReloadBackoff time.Duration
	// AllowOnHeadersStopIteration lets a plugin hold headers and still see the
	// body. Off, as in Envoy, such a pause holds everything.
	AllowOnHeadersStopIteration bool
}

// A Config describes a proxy process. The zero value of every field is usable
// but for the module.
type Config struct {
	Plugin           // the only plugin, or the first
	Plugins []Plugin // a chain of them, first one next to the client
	Workers int      // 0 is 1
	// UpstreamPlugins see each attempt to send a request, behind the router.
	UpstreamPlugins []Plugin
	// Retry decides whether a request is sent again; nil never does.
	Retry func(Retry) bool
	// Redirects says which answers begin a request again; nil: none.
	Redirects *Redirects
	// Timeout of a request once it has gone upstream whole; 0 is none.
	Timeout  time.Duration
	Upstream Handler // answers proxied requests that Route gives no cluster; nil: the test does
	// Clusters are known by name to Route and to callouts. A nil Handler never
	// answers by itself: see Host.Callouts. A nil map knows every name.
	Clusters map[string]Handler
	// Grpc are the servers of clusters that plugins call with proxy_grpc_call and
	// proxy_grpc_stream; one without waits for the test: see Host.GrpcStreams.
	Grpc map[string]GrpcHandler
	// Route picks the cluster of a request as it leaves the last plugin.
	Route func(Headers) string

	// Canary starts each plugin once for trial, in a VM of its own, as Envoy does
	// before it accepts a configuration. MainThread gives the main thread, which has
	// no streams but has ticks, its VM. Both are off to keep tests short.
	Canary, MainThread bool

	BufferLimit int       // bytes of a body that may be held; 0 is Envoy's 1 MiB, below 0 none
	Start       time.Time // where the test's clock starts; zero is 2026-01-01 00:00 UTC
	RealTime    bool      // the machine's clock instead: things happen by themselves
	Seed        uint64    // of random numbers

	LogLevel    Level         // the least level that is kept, and that the plugin is told
	Log         func(LogLine) // also gets every line
	DiscardLogs bool          // keep none for Host.Logs
	// Samples, if given, gets what histograms record, and Metric.Samples nothing: a
	// process that runs for long cannot keep them. It may be called from many goroutines.
	Samples func(histogram string, value uint64)

	ForeignFunctions map[string]ForeignFunction // besides Envoy's own, or in their place
	Properties       map[string]any             // for every stream; see StreamOptions
}

// A plugin is a Plugin made ready.
type plugin struct {
	Plugin
	config []byte
	env    []string
	vmKey  string
	key    string // of its root context
}

// A Host is one proxy process. Its methods may be called from many goroutines.
type Host struct {
	config    Config
	plugins   []*plugin
	upPlugins []*plugin
	workers   []*worker // the main thread, if any, is last
	serving   int       // how many of them have streams
	clock     clock
	shared    sharedData
	queues    queues
	metrics   metrics
	foreign   map[string]ForeignFunction

	mu          sync.Mutex
	logs        []LogLine
	callouts    []*Callout
	grpcStreams []*GrpcStream
	traps       []*TrapError
	unreported  []error
	alarmed     atomic.Bool // whether there are any of those
	tasks       []func()    // what is to be done on the test's clock, in order
	lastStream  atomic.Uint64
	nextWorker  atomic.Uint32
	closed      bool
	running     sync.WaitGroup
}

// A handle is a plugin on a worker.
type handle struct {
	plugin   *plugin
	vm       *vm
	root     *vmContext
	lastLoad time.Time
}

// New starts a process: every worker gets its VMs, and every plugin is configured.
// A plugin that refuses is an error with what it logged.
func New(cfg Config) (*Host, error) {
	h := &Host{config: cfg,
		queues:  queues{tokens: map[queueKey]uint32{}, byID: map[uint32]*queue{}},
		metrics: metrics{byName: map[metricKey]*Metric{}},
		foreign: envoyFunctions(),
	}
	for name, f := range cfg.ForeignFunctions {
		h.foreign[name] = f
	}
	if h.config.BufferLimit == 0 {
		h.config.BufferLimit = 1 << 20
	}
	h.clock.real, h.clock.start = cfg.RealTime, cfg.Start
	if cfg.RealTime {
		h.clock.start = time.Now()
	} else if cfg.Start.IsZero() {
		h.clock.start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	h.clock.at = h.clock.start
	if err := h.readPlugins(); err != nil {
		return nil, err
	}
	if err := h.start(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.settle()
	return h, nil
}

func (h *Host) readPlugins() error {
	list := h.config.Plugins
	if h.config.Module != nil {
		list = append([]Plugin{h.config.Plugin}, list...)
	}
	var err error
	if h.plugins, err = readPlugins("plugin", list); err != nil {
		return err
	}
	h.upPlugins, err = readPlugins("upstream plugin", h.config.UpstreamPlugins)
	return err
}

func readPlugins(what string, list []Plugin) ([]*plugin, error) {
	var out []*plugin
	for i, p := range list {
		if p.Module == nil {
			return nil, fmt.Errorf("%s %d %q: no module", what, i, p.Name)
		}
		one := &plugin{Plugin: p, config: []byte(p.Configuration)}
		one.vmKey = p.VM.ID + "||" + p.VM.Configuration + "||" + string(p.Module.digest[:])
		one.key = p.RootID + "||" + p.Configuration + "||" + p.Name
		for k, v := range p.VM.Env {
			one.env = append(one.env, k+"="+v)
		}
		sort.Strings(one.env)
		out = append(out, one)
	}
	return out, nil
}

// enqueue arranges for f to be done by settle.
func (h *Host) enqueue(f func()) {
	h.mu.Lock()
	h.tasks = append(h.tasks, f)
	h.mu.Unlock()
}

// outside arranges for f to be done without holding a worker: it is the world's
// code and may take its time.
func (h *Host) outside(f func()) {
	if h.clock.real {
		h.goroutine(f)
		return
	}
	h.enqueue(f)
}

// goroutine runs f on the machine's clock; Close waits for it, and then none starts.
func (h *Host) goroutine(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.running.Add(1)
	go func() {
		defer h.running.Done()
		f()
	}()
}

// settle does what is due now, on the test's clock, until nothing is left.
func (h *Host) settle() {
	for !h.clock.real {
		h.mu.Lock()
		if len(h.tasks) == 0 {
			h.tasks = nil
			h.mu.Unlock()
			return
		}
		f := h.tasks[0]
		h.tasks = h.tasks[1:]
		h.mu.Unlock()
		f()
	}
}

// cluster looks up who answers for a cluster, and whether it exists at all.
func (h *Host) cluster(name string) (Handler, bool) {
	if h.config.Clusters == nil {
		return nil, true
	}
	f, ok := h.config.Clusters[name]
	return f, ok
}

// Close ends the process: root contexts are done and deleted, VMs freed.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.mu.Unlock()
	for _, w := range h.workers {
		w.run(func() {
			for _, hd := range slices.Backward(slices.Concat(w.upHandles, w.handles)) { // the last to come goes first
				if hd.vm != nil && hd.vm.failed == nil && !hd.vm.closed && hd.vm.roots[hd.plugin.key] == hd.root {
					delete(hd.vm.roots, hd.plugin.key)
					if hd.root.onDone() {
						hd.root.onDelete()
					} else {
						hd.vm.pending[hd.plugin.key] = hd.root
					}
				}
			}
		})
	}
	h.settle()
	for _, w := range h.workers {
		w.run(func() {
			for _, v := range w.all {
				v.close()
			}
		})
	}
	h.running.Wait()
	return h.takeTraps()
}

// A TB is what Start needs of testing.TB.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
}

// Start is New for tests: it fails the test if the process does not start, and
// closes it when the test ends.
func Start(tb TB, cfg Config) *Host {
	tb.Helper()
	h, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
		return nil
	}
	tb.Cleanup(func() {
		if err := h.Close(); err != nil {
			tb.Fatal(err)
		}
	})
	return h
}
