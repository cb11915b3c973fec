package hostsim

import "sync"

type queueKey struct{ vmID, name string }

// queues are the shared queues of a proxy process.
type queues struct {
	mu     sync.Mutex
	tokens map[queueKey]uint32
	byID   map[uint32]*queue
	next   uint32
}

// queue delivers to the root context that registered last.
type queue struct {
	items  [][]byte
	worker *worker
	vmKey  string
	root   uint32
}

func (q *queues) register(vmID, name string, w *worker, vmKey string, root uint32) uint32 {
	q.mu.Lock()
	defer q.mu.Unlock()
	k := queueKey{vmID, name}
	token, ok := q.tokens[k]
	if !ok {
		q.next++
		token = q.next
		q.tokens[k] = token
		q.byID[token] = &queue{}
	}
	one := q.byID[token]
	one.worker, one.vmKey, one.root = w, vmKey, root
	return token
}

func (q *queues) resolve(vmID, name string) (uint32, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	token, ok := q.tokens[queueKey{vmID, name}]
	return token, ok
}

// push appends an item and tells the consumer on its own worker.
func (q *queues) push(token uint32, item []byte) Status {
	q.mu.Lock()
	one, ok := q.byID[token]
	if !ok {
		q.mu.Unlock()
		return StatusNotFound
	}
	one.items = append(one.items, append([]byte(nil), item...))
	w, key, root := one.worker, one.vmKey, one.root
	q.mu.Unlock()
	w.post(func() {
		if v := w.vms[key]; v != nil {
			if c := v.contexts[root]; c != nil {
				c.onQueueReady(token)
			}
		}
	})
	return StatusOK
}

func (q *queues) pop(token uint32) ([]byte, Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	one, ok := q.byID[token]
	if !ok {
		return nil, StatusNotFound
	}
	if len(one.items) == 0 {
		return nil, StatusEmpty
	}
	item := one.items[0]
	one.items = one.items[1:]
	return item, StatusOK
}

func (v *vm) registerQueue(a []uint64) Status {
	name, ok := v.readString(a[0], a[1])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	token := v.host.queues.register(v.id, name, v.worker, v.key, v.current().root.id)
	if !v.writeU32(a[2], token) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}

func (v *vm) resolveQueue(a []uint64) Status {
	vmID, ok := v.readString(a[0], a[1])
	name, ok2 := v.readString(a[2], a[3])
	if !ok || !ok2 {
		return StatusInvalidMemoryAccess
	}
	if vmID == "" {
		vmID = v.id
	}
	token, ok := v.host.queues.resolve(vmID, name)
	if !ok {
		return StatusNotFound
	}
	if !v.writeU32(a[4], token) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}

func (v *vm) enqueue(a []uint64) Status {
	item, ok := v.read(a[1], a[2])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	return v.host.queues.push(uint32(a[0]), item)
}

func (v *vm) dequeue(a []uint64) Status {
	item, st := v.host.queues.pop(uint32(a[0]))
	if st != StatusOK {
		return st
	}
	return v.give(item, a[1], a[2])
}
