package gateway

import (
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rfc3339"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// An alert is what an operator is to know at once, until it is delivered.
type alert struct {
	body     []byte
	next     int64 // no attempt before
	failures int
	sending  bool
}

const (
	maxAlerts     = 100
	alertTime     = 5 * time.Second
	alertAttempts = 6 // over about a minute
)

// alert begins to tell that a budget has come to a threshold.
func (w *Worker) alert(c limit.Crossing, consumer string) {
	if w.plan.Limits.Alert == nil || len(w.alerts) >= maxAlerts {
		return
	}
	var j rawjson.Writer
	j.Object().Key("event").Str("budget_threshold").Key("budget").Str(c.Rule.Title()).Key("percent").Int(c.Percent)
	j.Key("unit").Str(c.Rule.Unit.String()).Key("consumer").Str(consumer)
	j.Key("time").Str(string(rfc3339.Append(nil, w.port.Now()/1e9))).EndObject()
	w.alerts = append(w.alerts, &alert{body: j.Bytes()})
}

// sendAlerts posts those whose time has come.
func (w *Worker) sendAlerts(now int64) {
	kept := w.alerts[:0]
	for _, a := range w.alerts {
		if !a.sending && now >= a.next {
			w.post(a)
		}
		if a.failures < alertAttempts {
			kept = append(kept, a)
		} else {
			w.outbox.Log = append(w.outbox.Log, "an alert could not be delivered: "+string(a.body))
		}
	}
	clear(w.alerts[len(kept):])
	w.alerts = kept
}

func (w *Worker) post(a *alert) {
	to := w.plan.Limits.Alert
	c := &adapters.Callout{Cluster: to.Cluster, Method: "POST", Host: to.Host, Path: to.Path, Timeout: alertTime, Body: a.body,
		Headers: []adapters.Header{{Name: "content-type", Value: "application/json"}}}
	if !to.Authorization.Empty() {
		c.Headers = append(c.Headers, adapters.Header{Name: "authorization", Value: to.Authorization.Reveal()})
	}
	a.sending = w.call(c, 0, func(x *Answer) []Wake {
		a.sending = false
		if x.Status/100 == 2 {
			w.delivered(a)
			return nil
		}
		a.failures++
		a.next = w.port.Now() + int64(time.Second)<<a.failures
		return nil
	})
}

func (w *Worker) delivered(a *alert) {
	for i := range w.alerts {
		if w.alerts[i] == a {
			w.alerts = append(w.alerts[:i], w.alerts[i+1:]...)
			return
		}
	}
}
