package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// route explains where the request in a file would go. It knows the configuration alone:
// nothing is asked, so all targets count as well.
func route(c *call) error {
	file := c.flags.String("config", "postern.yaml", "`file` of the configuration")
	h := []adapters.Header{{Name: ":method", Value: "POST"}, {Name: ":path", Value: "/v1/chat/completions"}, {Name: ":authority", Value: "localhost"},
		{Name: "content-type", Value: "application/json"}}
	c.flags.StringVar(&h[1].Value, "path", h[1].Value, "`path` of the request")
	c.flags.StringVar(&h[2].Value, "host", h[2].Value, "`host` that it is for")
	c.flags.Func("header", "`NAME:VALUE` of a header; may be repeated", func(v string) error {
		name, value, ok := strings.Cut(v, ":")
		if !ok || name == "" {
			return errors.New("want NAME:VALUE")
		}
		h = append(h, adapters.Header{Name: strings.ToLower(name), Value: strings.TrimSpace(value)})
		return nil
	})
	consumer := c.flags.String("consumer", "", "`name` of the consumer who asks, behind its tenant's name and a slash if it has one; empty: somebody unknown")
	if err := c.parse(); err != nil {
		return err
	}
	x, err := c.load(*file, false)
	if err != nil {
		return err
	}
	body, err := c.read(c.files[0])
	if err != nil {
		return err
	}
	caller, err := x.consumer(*consumer)
	if err != nil {
		return err
	}
	w := gateway.NewWorker(x.plan, offline{}, gateway.Build{})
	lines, e := w.Explain(h, body, caller)
	if e != nil {
		return fmt.Errorf("the request would be refused: %d %s: %s", e.Status, e.Code, e.Message)
	}
	for _, line := range lines {
		fmt.Fprintln(c.out, line)
	}
	return nil
}

// consumer finds one by its name; nil for no name.
func (x *loaded) consumer(name string) (*identity.Caller, error) {
	if name == "" {
		return nil, nil
	}
	tenant, own, ok := strings.Cut(name, "/")
	if !ok {
		tenant, own = "", name
	}
	var found *identity.Caller
	for _, one := range x.plan.Identity.Consumers[own] {
		if ok && one.Tenant != tenant {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("several consumers are called %q; say TENANT/NAME", own)
		}
		found = one
	}
	if found == nil {
		return nil, fmt.Errorf("no consumer is called %q", name)
	}
	return found, nil
}

// offline is a host without anything.
type offline struct{}

var _ gateway.Port = offline{}

func (offline) Now() int64                                               { return time.Now().UnixNano() }
func (offline) Random() uint64                                           { return rand.Uint64() }
func (offline) Load(string) ([]byte, uint32, bool)                       { return nil, 0, false }
func (offline) Store(string, []byte, uint32) error                       { return nil }
func (offline) Property(string) ([]byte, bool)                           { return nil, false }
func (offline) Verify(string, []byte, []byte, []byte) (valid, able bool) { return false, false }
func (offline) Value(*meter.Series) uint64                               { return 0 }
