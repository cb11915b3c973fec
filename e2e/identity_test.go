package e2e

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/plugin/cases"
)

// TestHostVerifies lets the host say what it wants of signatures: its word counts where it
// has one, and the module decides where it has none. Each token is looked at once.
func TestHostVerifies(t *testing.T) {
	module := compiled(t)
	var good cases.Case
	for _, c := range loadCases(t) {
		if c.Name == "jwt_kubernetes" {
			good = c
		}
	}
	if len(good.Exchanges) == 0 {
		t.Fatal("there is no case jwt_kubernetes")
	}
	const ok, wrong, unknown = "\x08\x01", "\x12\x26Failed to verify digest. Error code: 0", "\x12\x12hash not supported"
	for _, tt := range []struct {
		name, result string
		status       hostsim.Status
		forged       bool
		want         int
	}{
		{"the host says that a good token is good", ok, hostsim.StatusOK, false, 200},
		{"the host says that it is not", wrong, hostsim.StatusOK, false, 401},
		{"the host does not know the hash", unknown, hostsim.StatusOK, false, 200},
		{"the host does not know the hash, and the token is forged", unknown, hostsim.StatusOK, true, 401},
		{"the host has no such function", "", hostsim.StatusNotFound, false, 200},
		{"the host has no such function, and the token is forged", "", hostsim.StatusNotFound, true, 401},
		{"the host says nothing", "", hostsim.StatusOK, true, 401},
		{"the host says what is no message", "\xff\xff\xff", hostsim.StatusOK, true, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			host := hostsim.Start(t, hostsim.Config{
				Plugin: hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", Configuration: string(good.Config),
					VM: hostsim.VM{ID: "postern", Env: environment}, AllowOnHeadersStopIteration: true},
				Upstream: func(hostsim.Request) hostsim.Response {
					return hostsim.Respond(200, `{"ok":true}`, "content-type", "application/json")
				},
				ForeignFunctions: map[string]hostsim.ForeignFunction{"verify_signature": func(c hostsim.ForeignCall) ([]byte, hostsim.Status) {
					asked++
					if !strings.HasPrefix(string(c.Argument), "\x0a\x06sha256\x12") {
						t.Errorf("got the argument %q", c.Argument)
					}
					return []byte(tt.result), tt.status
				}},
			})
			r := requestForHostsim(good.Exchanges[0].Request)
			if tt.forged {
				token := r.Headers.Get("authorization")
				r.Headers.Set("authorization", token[:len(token)-8]+"AAAAAAAA")
			}
			for range 2 {
				got, err := host.Do(r)
				if err != nil || got.Status() != tt.want {
					t.Fatalf("got %d, %v: %s, want %d", got.Status(), err, got.Body, tt.want)
				}
			}
			if want := map[int]int{200: 1, 401: 2}[tt.want]; asked != want {
				t.Errorf("the host was asked %d times, want %d", asked, want)
			}
		})
	}
}
