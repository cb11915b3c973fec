package main

import (
	"bytes"
	"encoding/json"

	"github.com/postern-gateway/postern/adapters/builtin"
	guards "github.com/postern-gateway/postern/plugin/guard/builtin"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// schema describes the configuration, for editors or for people.
func schema(c *call) error {
	markdown := c.flags.Bool("markdown", false, "print a reference to read instead")
	out := c.flags.String("out", "", "write to this `file` instead of standard output")
	if err := c.parse(); err != nil {
		return err
	}
	raw := config.Describe(builtin.Providers(), guards.Types())
	if *markdown {
		b, err := reference(raw, builtin.Providers())
		if err != nil {
			return err
		}
		return c.print(*out, b)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, raw, "", "  "); err != nil {
		return err
	}
	return c.print(*out, pretty.Bytes())
}
