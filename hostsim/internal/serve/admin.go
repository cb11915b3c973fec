package serve

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"regexp"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// An admin is the admin interface: the part of Envoy's that people and tests ask.
type admin struct {
	server   *Server
	socket   net.Listener
	http     *http.Server
	draining atomic.Bool
}

func newAdmin(s *Server) *admin {
	a := &admin{server: s}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stats", a.stats)
	mux.HandleFunc("GET /stats/prometheus", a.prometheus)
	mux.HandleFunc("GET /config_dump", a.configDump)
	mux.HandleFunc("GET /ready", a.ready)
	mux.HandleFunc("GET /server_info", a.serverInfo)
	mux.HandleFunc("GET /listeners", a.listeners)
	mux.HandleFunc("GET /clusters", a.clusters)
	mux.HandleFunc("POST /quitquitquit", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, []byte("OK\n"))
		s.Quit()
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /{$}", a.index)
	a.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return a
}

func (a *admin) start(at bootstrap.Address) error {
	var err error
	a.socket, err = net.Listen("tcp", at.String())
	return err
}

func (a *admin) run() error {
	if err := a.http.Serve(a.socket); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (a *admin) close() error {
	if a.socket != nil {
		_ = a.socket.Close() //nolint:errcheck // closed before, if it was served
	}
	return closeServer(a.http)
}

func plain(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.Header().Set("Cache-Control", "no-cache, max-age=0")
	_, _ = w.Write(body) //nolint:errcheck // whoever asked has gone
}

func (a *admin) index(w http.ResponseWriter, _ *http.Request) {
	plain(w, []byte("/clusters\n/config_dump\n/debug/pprof/\n/listeners\n/quitquitquit (POST)\n/ready\n/server_info\n/stats\n/stats/prometheus\n"))
}

func (a *admin) state() string {
	if a.draining.Load() {
		return "DRAINING"
	}
	return "LIVE"
}

func (a *admin) ready(w http.ResponseWriter, _ *http.Request) {
	if a.draining.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	plain(w, []byte(a.state()+"\n"))
}

// stats takes the parameters filter, usedonly, type and format that Envoy's does.
func (a *admin) stats(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	filter, err := regexp.Compile(q.Get("filter"))
	if err != nil {
		http.Error(w, "filter: "+err.Error(), http.StatusBadRequest)
		return
	}
	var kept []stat
	for _, s := range a.server.stats() {
		used := s.value != 0 || s.histogram != nil
		if filter.MatchString(s.name) && wanted(s, q.Get("type")) && (used || !q.Has("usedonly")) {
			kept = append(kept, s)
		}
	}
	switch q.Get("format") {
	case "prometheus":
		plain(w, a.server.metrics.appendPrometheus(nil, kept))
	case "json":
		answerJSON(w, map[string]any{"stats": statsJSON(kept)})
	default:
		var b []byte
		for _, s := range kept {
			b = s.appendText(b)
		}
		plain(w, b)
	}
}

func wanted(s stat, typ string) bool {
	switch strings.ToLower(typ) {
	case "counters":
		return s.typ == hostsim.Counter
	case "gauges":
		return s.typ == hostsim.Gauge
	case "histograms":
		return s.typ == hostsim.Histogram
	}
	return true
}

func statsJSON(all []stat) []any {
	out := []any{}
	for _, s := range all {
		if s.histogram == nil {
			out = append(out, map[string]any{"name": s.name, "value": s.value})
		}
	}
	return out
}

func (a *admin) prometheus(w http.ResponseWriter, _ *http.Request) {
	plain(w, a.server.metrics.appendPrometheus(nil, a.server.stats()))
}

// configDump shows the file as it was read, with the values of variables given to
// plugins blacked out, like keys in Envoy's own dump.
func (a *admin) configDump(w http.ResponseWriter, _ *http.Request) {
	var doc any
	if err := json.Unmarshal(a.server.file.JSON, &doc); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	blackOut(doc)
	answerJSON(w, map[string]any{"configs": []any{map[string]any{
		"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": doc,
		"last_updated": a.server.started.UTC().Format(time.RFC3339),
	}}})
}

// blackOut hides private keys and the variables of plugins.
func blackOut(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			blackOut(x)
		}
	case map[string]any:
		for k, x := range v {
			switch k {
			case "key_values", "keyValues":
				if m, ok := x.(map[string]any); ok {
					for name := range m {
						m[name] = "[redacted]"
					}
				}
			case "private_key", "privateKey":
				v[k] = "[redacted]"
			default:
				blackOut(x)
			}
		}
	}
}

func (a *admin) serverInfo(w http.ResponseWriter, _ *http.Request) {
	version := "hostsim"
	if info, ok := debug.ReadBuildInfo(); ok {
		version += "/" + info.Main.Version + "/" + info.GoVersion
	}
	answerJSON(w, map[string]any{
		"version": version, "state": a.state(), "uptime_current_epoch": seconds(time.Since(a.server.started)),
		"command_line_options": map[string]any{"concurrency": len(a.server.load)},
		"node":                 map[string]any{"id": a.server.node, "cluster": a.server.cluster},
	})
}

func seconds(d time.Duration) string { return d.Truncate(time.Second).String() }

func (a *admin) listeners(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("format") != "json" {
		var b []byte
		for _, l := range a.server.listeners {
			b = append(b, l.config.Name+"::"+l.socket.Addr().String()+"\n"...)
		}
		plain(w, b)
		return
	}
	statuses := []any{}
	for _, l := range a.server.listeners {
		addr := l.socket.Addr().(*net.TCPAddr)
		statuses = append(statuses, map[string]any{"name": l.config.Name, "local_address": map[string]any{
			"socket_address": map[string]any{"address": addr.IP.String(), "port_value": addr.Port}}})
	}
	answerJSON(w, map[string]any{"listener_statuses": statuses})
}

func (a *admin) clusters(w http.ResponseWriter, _ *http.Request) {
	var b []byte
	for _, c := range a.server.file.Clusters {
		for _, e := range c.Endpoints {
			b = append(b, c.Name+"::"+e.Address.String()+"::health_flags::healthy\n"...)
		}
	}
	plain(w, b)
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	_ = enc.Encode(v) //nolint:errcheck // whoever asked has gone
}
