package e2e

import (
	"fmt"
	"os"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/journal"
)

// leaks are what all tests together have made the gateway send and say and must not
// have: a key of a client, a secret, a header that is the gateway's own. It is asked
// after the last test, for parallel tests end after all others.
func (s *suite) leaks() []string {
	var found []string
	for _, j := range []*journal.Journal{s.mocks.Journal(), s.secure.Journal(), s.sdkMocks.Journal(), s.called.Journal()} {
		for _, e := range j.Entries() {
			for _, v := range e.Violations {
				found = append(found, fmt.Sprintf("%s %s: %s: %s", e.Method, e.Path, v.Rule, v.Detail))
			}
		}
	}
	stats, err := s.envoy.Ask("/stats")
	if err != nil {
		return append(found, err.Error())
	}
	records, err := os.ReadFile(s.accessLog)
	if err != nil {
		return append(found, err.Error())
	}
	for where, text := range map[string]string{"log": s.envoy.Log(), "stats": stats, "access log": string(records)} {
		for _, secret := range []string{mockKey("openai"), mockKey("anthropic"), clientKey, sdkKey, sdkNarrowKey, adminKey,
			"ya29.", "PRIVATE KEY", "assertion=", "mock-session-secret", "mock-session-token"} {
			if strings.Contains(text, secret) {
				found = append(found, fmt.Sprintf("the %s has the secret %q", where, secret))
			}
		}
	}
	return found
}
