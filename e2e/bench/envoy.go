//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/e2e/bench/proc"
)

// An envoy is a running proxy.
type envoy struct {
	*proc.Process
	gateway   gateway
	log       string            // file
	admin     string            // address
	listeners map[string]string // addresses by listenerName
	ready     time.Duration     // since its start
}

// startTimeout is for the largest module on a slow machine; V8 compiles about a
// megabyte a second.
const startTimeout = 120 * time.Second

// httpClient shares its connections with all others of its kind.
func httpClient() *http.Client { return &http.Client{Timeout: 30 * time.Second} }

// startEnvoy starts a proxy for g and waits until it serves.
func startEnvoy(command []string, dir string, g gateway, config []byte, core, workers int) (*envoy, error) {
	base, err := os.MkdirTemp(dir, g.name+"-")
	if err != nil {
		return nil, err
	}
	e := &envoy{gateway: g, log: filepath.Join(base, "envoy.log"), listeners: map[string]string{}}
	file, admin := filepath.Join(base, "envoy.json"), filepath.Join(base, "admin")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(e.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own descriptor
	args := append(slices.Clone(command[1:]), "-c", file, "--concurrency", strconv.Itoa(workers), "--admin-address-path", admin, "-l", "warn")
	cmd := exec.Command(command[0], args...)
	cmd.Stdout, cmd.Stderr = log, log
	begin := time.Now()
	if e.Process, err = proc.Start(cmd, core); err != nil {
		return nil, err
	}
	if err := e.await(admin); err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	e.ready = time.Since(begin)
	return e, nil
}

func (e *envoy) await(adminFile string) error {
	for begin := time.Now(); time.Since(begin) < startTimeout; time.Sleep(20 * time.Millisecond) {
		if ended, err := e.Ended(); ended {
			return fmt.Errorf("%s ended at its start: %v\n%s", e.gateway.name, err, e.lastLog())
		}
		b, err := os.ReadFile(adminFile)
		if err != nil || len(b) == 0 {
			continue
		}
		e.admin = strings.TrimSpace(string(b))
		if ready, err := e.get("/ready"); err == nil && strings.TrimSpace(ready) == "LIVE" {
			return e.findListeners()
		}
	}
	return fmt.Errorf("%s is not ready after %v\n%s", e.gateway.name, startTimeout, e.lastLog())
}

func (e *envoy) findListeners() error {
	text, err := e.get("/listeners?format=json")
	if err != nil {
		return err
	}
	var doc struct {
		Statuses []struct {
			Name    string `json:"name"`
			Address struct {
				Socket struct {
					Address string `json:"address"`
					Port    int    `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return fmt.Errorf("listeners of %s: %w", e.gateway.name, err)
	}
	for _, s := range doc.Statuses {
		e.listeners[s.Name] = fmt.Sprintf("%s:%d", s.Address.Socket.Address, s.Address.Socket.Port)
	}
	return nil
}

// get asks the admin interface.
func (e *envoy) get(path string) (string, error) {
	r, err := httpClient().Get("http://" + e.admin + path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", e.gateway.name, err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", r.StatusCode)
	}
	if err != nil {
		return "", fmt.Errorf("%s: admin %s: %w", e.gateway.name, path, err)
	}
	return string(b), nil
}

// counted sums the proxy's counters whose names have all the parts.
func (e *envoy) counted(parts ...string) (int64, error) {
	text, err := e.get("/stats?type=Counters&usedonly")
	if err != nil {
		return 0, err
	}
	var sum int64
next:
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, p := range parts {
			if !strings.Contains(name, p) {
				continue next
			}
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: counter %s is %q", e.gateway.name, name, value)
		}
		sum += n
	}
	return sum, nil
}

// lastLog is the end of what the proxy has said.
func (e *envoy) lastLog() string {
	b, err := os.ReadFile(e.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}
