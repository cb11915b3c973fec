package gateway

import "github.com/postern-gateway/postern/plugin/internal/route"

const (
	providerHeader = "x-postern-provider"
	modelHeader    = "x-postern-model"
	reasonHeader   = "x-postern-fallback-reason"
	routeHeader    = "x-postern-route"
)

// tellRoute tells the client where its answer is from.
func (s *Stream) tellRoute(step *Step) {
	r := &s.routing
	if s.handed != nil && s.handed.why != route.NoReason {
		step.set(retryHeader, "") // nothing has followed
	}
	if r.explain != "" {
		line := r.explain
		if r.trail != "" {
			line += "; failed: " + r.trail
		}
		step.set(routeHeader, headerText(line))
	}
	if !r.told || s.target.Provider == nil {
		return
	}
	step.set(providerHeader, headerText(s.target.Provider.Name))
	step.set(modelHeader, headerText(s.target.Model))
	n := itoa(r.step())
	if s.attempts == nil || s.attempts.list == nil {
		step.set(stepHeader, n)
		if s.w.plan.Client.Cloudflare {
			step.set(cloudflareStepHeader, n)
		}
	}
	if r.why != route.NoReason {
		step.set(reasonHeader, r.why.String())
	}
}
