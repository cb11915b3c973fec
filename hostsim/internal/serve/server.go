// Package serve carries real HTTP traffic through a hostsim.Host, as an Envoy
// bootstrap says.
//
// The wire is net/http's, on both sides; what happens between is the listener's
// connection manager, the plugins in the simulator, and a router with clusters.
// The order of different headers is not kept on the wire: net/http does not know it.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// Options are what the file does not say.
type Options struct {
	Modules  *Modules
	Workers  int           // 0 is one for each processor
	LogLevel hostsim.Level // of the plugins' logs
	Log      io.Writer     // where they go
	Stdout   io.Writer     // of access logs; nil is the process's own
	Stderr   io.Writer
}

// A Server is a running file.
type Server struct {
	file      *bootstrap.Bootstrap
	host      *hostsim.Host
	clusters  map[string]*cluster
	listeners []*listener
	admin     *admin
	logs      []*logFile
	byLog     map[string]*logFile
	metrics   *metrics
	load      load
	node      string
	cluster   string
	started   time.Time
	address   netip.Addr // the machine's own

	connections atomic.Uint64
	buffers     sync.Pool
	now         atomic.Pointer[dateText]
	base        context.Context // of everything that goes upstream
	stopBase    context.CancelFunc
	quit        chan struct{}
	running     sync.WaitGroup // requests
	quitOnce    sync.Once
}

// New loads the modules, starts the plugins and opens the ports. Nothing is served
// before Run.
func New(ctx context.Context, file *bootstrap.Bootstrap, o Options) (*Server, error) {
	s := &Server{file: file, node: file.NodeID, cluster: file.NodeCluster, started: time.Now(), address: ownAddress(), quit: make(chan struct{}),
		byLog: map[string]*logFile{}, metrics: newMetrics(file.Stats)}
	s.buffers.New = func() any { b := make([]byte, 32<<10); return &b }
	s.base, s.stopBase = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context, o Options) error {
	if err := s.startHost(ctx, o); err != nil {
		return err
	}
	for _, l := range s.listeners {
		for _, a := range l.config.HCM.AccessLogs {
			file, err := s.logFile(a, o)
			if err != nil {
				return err
			}
			l.logs = append(l.logs, accessLog{file, a.Format, a.Filter})
		}
		if err := l.start(); err != nil {
			return fmt.Errorf("listener %s: %w", l.config.Name, err)
		}
	}
	if s.file.Admin != nil {
		s.admin = newAdmin(s)
		return s.admin.start(*s.file.Admin)
	}
	return nil
}

// startHost makes one process of all plugins of the file.
func (s *Server) startHost(ctx context.Context, o Options) error {
	var err error
	if s.clusters, err = newClusters(s.file.Clusters); err != nil {
		return err
	}
	cfg := HostConfig(o)
	cfg.Samples = s.metrics.sample
	s.load = make(load, cfg.Workers)
	for i := range s.file.Listeners {
		l := &listener{server: s, config: s.file.Listeners[i], plugins: []int{}}
		l.routes = newTable(&l.config.HCM.Routes)
		if l.plugins, cfg.Plugins, err = addPlugins(ctx, o.Modules, cfg.Plugins, l.config.HCM.Plugins); err != nil {
			return err
		}
		s.listeners = append(s.listeners, l)
	}
	cfg.Clusters, cfg.Grpc = map[string]hostsim.Handler{}, map[string]hostsim.GrpcHandler{}
	for _, file := range s.file.Clusters {
		c := s.clusters[file.Name]
		cfg.Clusters[file.Name], cfg.Grpc[file.Name] = c.callout(s), c.grpc(s)
		if c.plugins, cfg.UpstreamPlugins, err = addPlugins(ctx, o.Modules, cfg.UpstreamPlugins, file.Plugins); err != nil {
			return err
		}
	}
	s.host, err = hostsim.New(cfg)
	return err
}

// HostConfig is the configuration of the simulated process without its plugins.
func HostConfig(o Options) hostsim.Config {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return hostsim.Config{Workers: workers, RealTime: true, Seed: uint64(time.Now().UnixNano()), Canary: true,
		MainThread: true, DiscardLogs: true, LogLevel: o.LogLevel, BufferLimit: 1 << 20,
		Log: func(l hostsim.LogLine) {
			fmt.Fprintf(o.Log, "[%s]%s\n", l.Time.UTC().Format("2006-01-02 15:04:05.000"), l)
		}}
}

// addPlugins appends plugins to a list and says where they stand in it.
func addPlugins(ctx context.Context, m *Modules, all []hostsim.Plugin, add []bootstrap.Plugin) ([]int, []hostsim.Plugin, error) {
	at := []int{}
	for _, p := range add {
		one, err := m.Plugin(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		at = append(at, len(all))
		all = append(all, one)
	}
	return at, all, nil
}

func (s *Server) logFile(a bootstrap.AccessLog, o Options) (*logFile, error) {
	key := a.Path
	if a.Path == "" || a.Path == "/dev/stdout" || a.Path == "/dev/stderr" {
		key = "/dev/" + a.Stream
		if a.Path != "" {
			key = a.Path
		}
	}
	if l := s.byLog[key]; l != nil {
		return l, nil
	}
	var l *logFile
	switch key {
	case "/dev/stdout":
		l = newLogFile(either(o.Stdout, os.Stdout), nil)
	case "/dev/stderr":
		l = newLogFile(either(o.Stderr, os.Stderr), nil)
	default:
		var err error
		if l, err = openLog(key); err != nil {
			return nil, err
		}
	}
	s.byLog[key] = l
	s.logs = append(s.logs, l)
	return l, nil
}

func either(w, unset io.Writer) io.Writer {
	if w != nil {
		return w
	}
	return unset
}

// Run serves until the context ends or the admin interface is told to quit. Then
// it stops accepting, lets what runs finish within the bound, and cuts the rest.
func (s *Server) Run(ctx context.Context, bound time.Duration) error {
	failed := make(chan error, len(s.listeners)+1)
	for _, l := range s.listeners {
		go func() { failed <- l.run() }()
	}
	if s.admin != nil {
		go func() { failed <- s.admin.run() }()
	}
	var err error
	select {
	case <-ctx.Done():
	case <-s.quit:
	case err = <-failed:
	}
	s.stop(bound)
	return errors.Join(err, s.Close())
}

// stop drains the listeners, all at once.
func (s *Server) stop(bound time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	if s.admin != nil {
		s.admin.draining.Store(true)
	}
	var wg sync.WaitGroup
	for _, l := range s.listeners {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := l.http.Shutdown(ctx); err != nil {
				_ = l.http.Close() //nolint:errcheck // connections are cut either way
			}
		}()
	}
	wg.Wait()
}

// Quit ends Run as a signal does.
func (s *Server) Quit() { s.quitOnce.Do(func() { close(s.quit) }) }

// Close frees everything. It is for servers that did not Run, too.
func (s *Server) Close() error {
	var errs []error
	s.stopBase()
	for _, l := range s.listeners {
		if l.http != nil {
			errs = append(errs, closeServer(l.http))
		}
		if l.socket != nil {
			_ = l.socket.Close() //nolint:errcheck // closed before, if it was served
		}
	}
	if s.admin != nil {
		errs = append(errs, s.admin.close())
	}
	if s.host != nil {
		s.running.Wait() // those that were cut end soon
		errs = append(errs, s.host.Close())
	}
	for _, c := range s.clusters {
		c.closeIdle()
	}
	for _, l := range s.logs {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// closeServer closes a server whose socket may have been closed before.
func closeServer(s *http.Server) error {
	if err := s.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Admin is where the admin interface listens; nil if there is none.
func (s *Server) Admin() net.Addr {
	if s.admin == nil {
		return nil
	}
	return s.admin.socket.Addr()
}

// Addr is where a listener listens.
func (s *Server) Addr(name string) net.Addr {
	for _, l := range s.listeners {
		if l.config.Name == name {
			return l.socket.Addr()
		}
	}
	return nil
}

func (s *Server) takeBuffer() *[]byte  { return s.buffers.Get().(*[]byte) }
func (s *Server) giveBuffer(b *[]byte) { s.buffers.Put(b) }

type dateText struct {
	second int64
	text   string
}

// date is the value of a date header; it is made once a second.
func (s *Server) date() string {
	now := time.Now()
	d := s.now.Load()
	if d == nil || d.second != now.Unix() {
		d = &dateText{now.Unix(), now.UTC().Format(http.TimeFormat)}
		s.now.Store(d)
	}
	return d.text
}
