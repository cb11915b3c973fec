package hostsim

import "sync"

// A worker is one thread of the proxy: its VMs and its streams run one callback
// at a time.
type worker struct {
	host *Host
	name string
	id   int

	mu        sync.Mutex // held while anything of this worker runs
	current   *vmContext // whose callback runs
	effective uint32     // chosen by proxy_set_effective_context
	vms       map[string]*vm
	all       []*vm     // also those that have failed
	handles   []*handle // by plugin
	upHandles []*handle // by upstream plugin
	ended     []*Stream // attempts that are destroyed after what runs now
	deletes   []*vmContext
	drops     []*vm

	queueMu  sync.Mutex
	queue    []func()
	draining bool
}

// run does one thing on the worker.
func (w *worker) run(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	w.flush()
}

// flush forgets what ended during the last thing done.
func (w *worker) flush() {
	for len(w.ended) > 0 {
		a := w.ended[0]
		w.ended = w.ended[1:]
		a.destroy()
	}
	w.ended = nil
	for _, c := range w.deletes {
		delete(c.vm.contexts, c.id)
	}
	w.deletes = w.deletes[:0]
	for _, v := range w.drops {
		v.close()
	}
	w.drops = w.drops[:0]
}

// deferDestroy ends an attempt after what runs now.
func (w *worker) deferDestroy(a *Stream) { w.ended = append(w.ended, a) }

func (w *worker) deferDelete(c *vmContext) { w.deletes = append(w.deletes, c) }

// post arranges for f to run on the worker after what runs now.
func (w *worker) post(f func()) {
	if !w.host.clock.real {
		w.host.enqueue(func() { w.run(f) })
		return
	}
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	w.queue = append(w.queue, f)
	if !w.draining {
		w.draining = true
		w.host.goroutine(w.drain)
	}
}

// drain runs what was posted, in order, on the machine's clock.
func (w *worker) drain() {
	for {
		w.queueMu.Lock()
		if len(w.queue) == 0 {
			w.draining = false
			w.queueMu.Unlock()
			return
		}
		f := w.queue[0]
		w.queue = w.queue[1:]
		w.queueMu.Unlock()
		w.run(f)
	}
}
