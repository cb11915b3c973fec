package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/adapters/strict"
	guards "github.com/postern-gateway/postern/plugin/guard/builtin"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// check reads a configuration as the module does.
func check(c *call) error {
	here := c.flags.Bool("env", false, "also require the environment variables that it names to be set here")
	if err := c.parse(); err != nil {
		return err
	}
	x, err := c.load(c.files[0], *here)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: ok: %s\n", c.files[0], x.summary())
	for _, note := range x.notes() {
		fmt.Fprintf(c.out, "%s: note: %s\n", c.files[0], note)
	}
	return nil
}

// loaded is a configuration that has been read.
type loaded struct {
	document    []byte // as JSON
	plan        *config.Plan
	environment []string // names of the variables that it needs, in its order
}

// errRefused is for a configuration whose errors have been printed.
var errRefused = errors.New("the configuration is refused")

// load reads a configuration and prints what is wrong with it. Variables count as
// set, since the proxy has them and not this machine, unless here is true.
func (c *call) load(file string, here bool) (*loaded, error) {
	document, err := c.read(file)
	if err != nil {
		return nil, err
	}
	x := &loaded{document: document}
	x.plan, err = config.Read(document, config.Parts{
		Providers: builtin.Providers(),
		Guards:    guards.Types(),
		Environment: func(name string) string {
			if !slices.Contains(x.environment, name) {
				x.environment = append(x.environment, name)
			}
			if here {
				return os.Getenv(name)
			}
			return "set"
		},
	})
	var list *strict.Errors
	if errors.As(err, &list) {
		for line := range strings.Lines(list.Error() + "\n") {
			fmt.Fprintf(c.err, "%s: %s", file, line)
		}
		return nil, errRefused
	}
	return x, err
}

func (x *loaded) summary() string {
	providers := 0
	for range x.plan.EachProvider {
		providers++
	}
	parts := []string{count(providers, "provider")}
	if x.plan.Models.Configured() {
		parts = append(parts, count(x.plan.Models.Len(), "model"))
	} else {
		parts = append(parts, "every model")
	}
	if !x.plan.Identity.Open() {
		parts = append(parts, count(x.plan.Identity.Len(), "consumer"))
	}
	if n := len(x.plan.Identity.Issuers); n > 0 {
		parts = append(parts, count(n, "issuer")+" of tokens")
	}
	for _, some := range []struct {
		n    int
		what string
	}{{len(x.plan.Tenants), "tenant"}, {len(x.plan.Tiers), "tier"}, {x.plan.Access.Len(), "access rule"}} {
		if some.n > 0 {
			parts = append(parts, count(some.n, some.what))
		}
	}
	if x.plan.Admin != nil {
		parts = append(parts, "admin endpoint at "+x.plan.Admin.Prefix)
	}
	return strings.Join(parts, ", ")
}

// notes are what is right but may surprise.
func (x *loaded) notes() []string {
	var notes []string
	if len(x.environment) > 0 {
		notes = append(notes, "the Wasm VM needs the environment variables "+strings.Join(x.environment, ", "))
	}
	if x.inlineKeys() {
		notes = append(notes, "it has providers' keys in it; env keeps them out of files")
	}
	if x.plan.Identity.Open() {
		notes = append(notes, "no consumers are configured: everybody who reaches the proxy may call")
	}
	return notes
}

// inlineKeys reports that the document itself holds a provider's key.
func (x *loaded) inlineKeys() bool {
	type provider struct{ Keys []struct{ Value *string } }
	var d struct {
		Providers []provider
		Tenants   []struct{ Providers []provider }
	}
	if json.Unmarshal(x.document, &d) != nil {
		return false // a document that has been read strictly has this shape
	}
	all := d.Providers
	for _, t := range d.Tenants {
		all = append(all, t.Providers...)
	}
	for _, p := range all {
		for _, k := range p.Keys {
			if k.Value != nil {
				return true
			}
		}
	}
	return false
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
