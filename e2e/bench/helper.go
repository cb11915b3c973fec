//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/postern-gateway/postern/e2e/bench/load"
	"github.com/postern-gateway/postern/e2e/bench/mock"
	"github.com/postern-gateway/postern/e2e/bench/proc"
)

// A helper is this program again, as a process of its own that obeys orders.
type helper struct {
	*proc.Process
	in  io.WriteCloser
	enc *json.Encoder
	dec *json.Decoder
}

// startHelper starts this program as the named part.
func startHelper(part string, core int) (*helper, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", part, err)
	}
	cmd := exec.Command(self, part)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=400")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("start %s: %w", part, err)
	}
	p, err := proc.Start(cmd, core)
	if err != nil {
		return nil, err
	}
	return &helper{p, in, json.NewEncoder(in), json.NewDecoder(out)}, nil
}

// call sends an order and reads what comes back.
func (h *helper) call(order, reply any) error {
	if err := h.enc.Encode(order); err != nil {
		return fmt.Errorf("order to process %d: %w", h.PID, err)
	}
	if err := h.dec.Decode(reply); err != nil {
		return fmt.Errorf("reply of process %d: %w", h.PID, err)
	}
	return nil
}

// upstream is the mock.
type upstream struct {
	*helper
	addr string
}

func startUpstream(core int) (*upstream, error) {
	h, err := startHelper("serve-mock", core)
	if err != nil {
		return nil, err
	}
	var r mock.Report
	if err := h.dec.Decode(&r); err != nil {
		return nil, errors.Join(fmt.Errorf("upstream: %w", err), h.Stop())
	}
	return &upstream{h, r.Addr}, nil
}

// set changes how the upstream answers; nil leaves it. The report says what it has seen.
func (u *upstream) set(s *mock.Settings) (mock.Report, error) {
	var r mock.Report
	err := u.call(mock.Order{Settings: s}, &r)
	return r, err
}

// generator is the load process.
type generator struct{ *helper }

func (g *generator) order(o load.Order) (*load.Result, error) {
	var r load.Reply
	if err := g.call(o, &r); err != nil {
		return nil, err
	}
	if r.Error != "" {
		return nil, fmt.Errorf("load on %s: %s", o.Target, r.Error)
	}
	return r.Result, nil
}
