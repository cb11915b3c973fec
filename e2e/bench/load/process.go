//go:build linux

package load

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// An Order asks a load process for something: to make a target known, or to run
// a job against one that is.
type Order struct {
	Target  string // any name
	Addr    string `json:",omitempty"` // makes the target known
	Request []byte `json:",omitempty"`
	Run     *Job   `json:",omitempty"`
}

// A Reply answers one Order.
type Reply struct {
	Error  string  `json:",omitempty"`
	Result *Result `json:",omitempty"`
}

// Serve obeys orders, one JSON object a line, until their end.
func Serve(in io.Reader, out io.Writer) error {
	targets := map[string]*Generator{}
	dec, w := json.NewDecoder(in), bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	for {
		var o Order
		if err := dec.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read order: %w", err)
		}
		var r Reply
		res, err := obey(targets, o)
		if err != nil {
			r.Error = err.Error()
		}
		r.Result = res
		if err := errors.Join(enc.Encode(r), w.Flush()); err != nil {
			return fmt.Errorf("answer order: %w", err)
		}
	}
}

func obey(targets map[string]*Generator, o Order) (*Result, error) {
	if o.Addr != "" {
		addr, err := netip.ParseAddrPort(o.Addr)
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", o.Target, err)
		}
		if old := targets[o.Target]; old != nil {
			if err := old.Close(); err != nil {
				return nil, fmt.Errorf("target %s: %w", o.Target, err)
			}
		}
		if targets[o.Target], err = New(addr, o.Request); err != nil {
			return nil, err
		}
	}
	if o.Run == nil {
		return nil, nil
	}
	g := targets[o.Target]
	if g == nil {
		return nil, fmt.Errorf("target %s is not known", o.Target)
	}
	return g.Run(*o.Run)
}
