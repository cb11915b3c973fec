package shell

import (
	"runtime"
	"slices"
	"strconv"

	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/abi"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/state"
)

// Serve makes the gateway the module's content.
func Serve(parts config.Parts, build gateway.Build) {
	shared := gateway.NewHandover()
	abi.Serve(func(id uint32) abi.Plugin {
		return &plugin{id: id, parts: parts, build: build, host: newHost(), shared: shared}
	})
}

// A plugin is one configured gateway, or the place of its attempts, in one of the proxy's
// threads.
type plugin struct {
	types.DefaultPluginContext
	id     uint32
	parts  config.Parts
	build  gateway.Build
	host   *host
	shared *gateway.Handover
	worker *gateway.Worker
	guests []*gateway.Worker // of plugins before this one, whose requests go on here
	tries  *gateway.Attempts // in the place of a worker
	calls  map[uint32]call   // under way, by the proxy's numbers
	spare  []*stream         // done with, ready for use again
	buffer []adapters.Header // of the callback in hand
	queue  uint32            // by which the plugin rouses itself; 0: there is none yet
}

// A call is a worker's callout.
type call struct {
	of *gateway.Worker
	gateway.Callout
}

// receive has the plugin see to the worker of a request that goes on here.
func (p *plugin) receive(w *gateway.Worker) {
	if w != p.worker && !slices.Contains(p.guests, w) {
		p.guests = append(p.guests, w)
	}
}

// leaves ends a guest that is needed no more.
func leaves(w *gateway.Worker) bool {
	if w.Needed() {
		return false
	}
	end(w)
	return true
}

// end ends a worker, and hands over what its metrics have not been told yet.
func end(w *gateway.Worker) {
	w.End()
	if out := w.Outbox(); out != nil {
		for _, x := range out.Samples {
			record(x)
		}
	}
}

// OnPluginStart reads the configuration. What is wrong with it goes to the proxy's
// log and the proxy keeps the configuration that it has.
func (p *plugin) OnPluginStart(size int) types.OnPluginStartStatus {
	p.shared.Brace(gateway.Large) // a plan is larger than its document
	document, err := abi.Buffer(abi.PluginConfiguration, 0, size)
	if err != nil {
		abi.Log(abi.Critical, "postern: the proxy does not hand over the configuration: "+err.Error())
		return types.OnPluginStartStatusFailed
	}
	plan, err := config.Read(config.Document(document), p.parts)
	if err != nil {
		abi.Log(abi.Critical, "postern: the configuration is refused:\n"+err.Error())
		return types.OnPluginStartStatusFailed
	}
	if err := abi.SetTick(uint32(gateway.GlanceEvery.Milliseconds())); err != nil {
		abi.Log(abi.Critical, "postern: the proxy has no timer: "+err.Error())
		return types.OnPluginStartStatusFailed
	}
	if plan.Role == config.Attempt {
		p.tries = gateway.NewAttempts(p.shared, p.host)
		return types.OnPluginStartStatusOK
	}
	p.worker = gateway.NewWorker(plan, p.host, p.build)
	p.worker.Share(p.shared)
	for _, note := range p.worker.Notes() {
		abi.Log(abi.Info, "postern: "+note)
	}
	p.flush()
	runtime.GC() // reading has left more than it has made, and mostly a collection under way: see OnTick
	return types.OnPluginStartStatusOK
}

func (p *plugin) NewHttpContext(id uint32) types.HttpContext {
	n := len(p.spare)
	if n == 0 {
		return p.newStream(id)
	}
	s := p.spare[n-1]
	p.spare = p.spare[:n-1]
	s.id = id
	return s
}

//go:noinline
func (p *plugin) newStream(id uint32) *stream {
	s := &stream{p: p}
	s.begin()
	s.id = id
	return s
}

// release takes a stream back whose last callback but its deletion is over, and which is as new.
func (p *plugin) release(s *stream) {
	const maxSpare = 256
	if len(p.spare) < maxSpare {
		p.spare = append(p.spare, s)
	}
}

// headers reads a header map into the one buffer that all streams use in turn.
func (p *plugin) headers(kind abi.MapType) ([]adapters.Header, error) {
	h, err := abi.Headers(p.buffer[:0], kind)
	p.buffer = h
	return h, err
}

// read reads a body, of which there may be less than size.
func (p *plugin) read(kind abi.BufferType, size int) ([]byte, error) {
	p.shared.Brace(size)
	return abi.Buffer(kind, 0, size)
}

// OnTick does what is due. A collection of garbage that has begun comes to its end here: a
// callback returns to the proxy when its own goroutine is done, so the collector's has no other
// turn, and requests leave so little behind that they do not help it either. It would stay half
// done for ten thousands of requests, of which each would take 30 µs longer, as long as every
// write of a pointer is noted.
func (p *plugin) OnTick() {
	runtime.Gosched()
	if p.tries != nil {
		p.wake(p.tries.Tick())
		return
	}
	p.wake(p.worker.Tick())
	for _, w := range p.guests {
		p.wake(w.Tick())
	}
	p.flush()
	p.guests = slices.DeleteFunc(p.guests, leaves)
}

// OnQueueReady is the event that the plugin has asked for itself.
func (p *plugin) OnQueueReady(queue uint32) {
	if _, err := abi.Dequeue(queue); err != nil {
		abi.Log(abi.Error, "postern: the proxy does not show its queue: "+err.Error())
	}
	p.wake(p.worker.Roused())
	for _, w := range p.guests {
		p.wake(w.Roused())
	}
	p.flush()
}

// rouse asks for an event of the plugin's own. Without one what is to be done then is done
// at the next tick. The queue is this worker's alone: its name is any.
func (p *plugin) rouse() {
	var err error
	if p.queue == 0 {
		if p.queue, err = abi.RegisterQueue("postern/" + state.Format + "/" + strconv.FormatUint(p.host.Random(), 36)); err != nil {
			abi.Log(abi.Error, "postern: the proxy has no queue: "+err.Error())
			return
		}
	}
	if err = abi.Enqueue(p.queue, []byte{0}); err != nil {
		abi.Log(abi.Error, "postern: the proxy does not take into its queue: "+err.Error())
	}
}

// OnEnd comes also for a plugin whose configuration was refused.
func (p *plugin) OnEnd() {
	if p.worker != nil {
		end(p.worker)
	}
	for _, w := range p.guests {
		end(w)
	}
}

// OnCallout hands the answer to a callout over. It comes in the plugin's own context.
func (p *plugin) OnCallout(id uint32, headers, size, _ int) {
	c, ok := p.calls[id]
	if !ok {
		return // the proxy has said before that it does not send it
	}
	delete(p.calls, id)
	p.wake(c.of.Callout(c.ID, p.answer(headers, min(size, c.Most+1))))
	p.flush()
}

// answer reads what came of a callout. No headers are no answer.
func (p *plugin) answer(headers, size int) gateway.Answer {
	if headers == 0 {
		return gateway.Answer{}
	}
	h, err := p.headers(abi.CalloutHeaders)
	if err != nil {
		abi.Log(abi.Error, "postern: the proxy does not show an answer: "+err.Error())
		return gateway.Answer{}
	}
	body, err := p.read(abi.CalloutBody, size)
	if err != nil {
		abi.Log(abi.Error, "postern: the proxy does not show an answer: "+err.Error())
		return gateway.Answer{}
	}
	return gateway.NewAnswer(h, body)
}

// wake carries steps out for streams that had no event themselves.
func (p *plugin) wake(wakes []gateway.Wake) {
	for _, w := range wakes {
		s, ok := w.Owner.(*stream)
		if !ok {
			continue // every owner is one: NewHttpContext begins them all
		}
		if err := abi.SetContext(s.id); err != nil {
			abi.Log(abi.Error, "postern: the proxy has lost a stream: "+err.Error())
			continue
		}
		if w.Step.Reset {
			s.check(abi.Reset(abi.Response))
			continue
		}
		if w.Step.Answer {
			if s.applyResponse(w.Step) == types.ActionContinue {
				s.check(abi.Continue(abi.Response))
			}
			continue
		}
		again := w.Step.Again // the step is the stream's, which uses it again
		action := s.applyRequest(w.Step)
		if again {
			const all = 1<<31 - 1
			action = s.requestBody(all)
		}
		if action == types.ActionContinue {
			s.check(abi.Continue(abi.Request))
		}
	}
}

// flush carries out what workers want beside their streams' steps.
func (p *plugin) flush() {
	p.carry(p.worker)
	for _, w := range p.guests {
		p.carry(w)
	}
}

func (p *plugin) carry(w *gateway.Worker) {
	out := w.Outbox()
	if out == nil {
		return
	}
	for _, line := range out.Log {
		abi.Log(abi.Warn, "postern: "+line)
	}
	for _, x := range out.Samples {
		record(x)
	}
	if out.Soon {
		p.rouse()
	}
	for _, c := range out.Callouts {
		h := append(p.buffer[:0], adapters.Header{Name: ":method", Value: c.Method}, adapters.Header{Name: ":path", Value: c.Path},
			adapters.Header{Name: ":authority", Value: c.Host})
		h = append(h, c.Headers...)
		p.buffer = h
		id, err := abi.Call(c.Cluster, h, c.Body, nil, uint32(c.Timeout.Milliseconds()))
		if err != nil {
			abi.Log(abi.Error, "postern: the proxy does not send a request to the cluster "+c.Cluster+": "+err.Error())
			w.Refused(c.ID)
			continue
		}
		if p.calls == nil {
			p.calls = map[uint32]call{}
		}
		p.calls[id] = call{w, c}
	}
}
