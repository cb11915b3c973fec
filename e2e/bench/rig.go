//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/postern-gateway/postern/e2e/bench/load"
	"github.com/postern-gateway/postern/e2e/bench/proc"
)

// A rig is the benchmark's processes and its folder.
type rig struct {
	*options
	dir   string
	mock  *upstream
	load  *generator
	self  *proc.Process // this process, to know its own share
	build *builder

	mu     sync.Mutex
	envoys []*envoy
}

func newRig(o *options) (*rig, error) {
	dir, err := os.MkdirTemp("", "postern-bench-")
	if err != nil {
		return nil, err
	}
	r := &rig{options: o, dir: dir, self: &proc.Process{PID: os.Getpid()}}
	if err := r.start(); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *rig) start() error {
	module := r.module
	if module != "" {
		abs, err := filepath.Abs(module)
		if err != nil {
			return err
		}
		if _, err := os.Stat(abs); err != nil {
			return fmt.Errorf("--module: %w", err)
		}
		module = abs
	}
	for _, name := range r.gateways {
		if part, ok := strings.CutPrefix(name, "go-"); ok && !r.soak {
			if err := buildNoop(part, filepath.Join(r.dir, name+".wasm")); err != nil {
				return err
			}
		}
	}
	if err := pinSelf(r.loadCore); err != nil {
		return err
	}
	var err error
	if r.mock, err = startUpstream(r.loadCore); err != nil {
		return err
	}
	h, err := startHelper("serve-load", r.loadCore)
	if err != nil {
		return err
	}
	r.load = &generator{h}
	_, port, _ := strings.Cut(r.mock.addr, ":")
	n, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("upstream listens on %q: %w", r.mock.addr, err)
	}
	r.build = &builder{dir: r.dir, module: module, upstream: n, limit: 64 << 20,
		given: !r.soak && slices.ContainsFunc(r.workloads, func(w workload) bool { return w.given })}
	return nil
}

// buildNoop compiles one of the plugins beside this file.
func buildNoop(part, out string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out,
		"github.com/postern-gateway/postern/e2e/bench/noop/"+part)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if b, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build plugin %s: %w\n%s", part, err, b)
	}
	return nil
}

// pinSelf keeps this process off the gateway's core. Threads that start later inherit it.
func pinSelf(core int) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	var set unix.CPUSet
	set.Set(core)
	for _, t := range tasks {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &set); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("stay on core %d: %w", core, err)
		}
	}
	return nil
}

// run starts Envoy for g with so many workers.
func (r *rig) run(g gateway, workers int) (*envoy, error) {
	return r.runAs([]string{r.envoy, "--use-dynamic-base-id"}, g, workers)
}

// runAs starts a proxy that reads Envoy's files and understands its flags.
func (r *rig) runAs(command []string, g gateway, workers int) (*envoy, error) {
	config, err := r.build.bootstrap(g)
	if err != nil {
		return nil, err
	}
	e, err := startEnvoy(command, r.dir, g, config, r.gatewayCore, workers)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.envoys = append(r.envoys, e)
	return e, nil
}

// aim makes a target of the load generator out of a workload on a gateway.
func (r *rig) aim(e *envoy, w workload, body []byte) (string, error) {
	name := e.gateway.name + "/" + strconv.Itoa(e.PID) + "/" + w.name + "/" + strconv.Itoa(len(body))
	addr := e.listeners[w.listener()]
	if addr == "" {
		return "", fmt.Errorf("%s carries no %s", e.gateway.name, w.name)
	}
	_, err := r.load.order(load.Order{Target: name, Addr: addr, Request: w.request(body)})
	return name, err
}

// close ends all processes and removes the folder.
func (r *rig) close() error {
	var errs []error
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.envoys {
		errs = append(errs, e.Stop())
	}
	if r.load != nil {
		errs = append(errs, r.load.Stop())
	}
	if r.mock != nil {
		errs = append(errs, r.mock.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}
