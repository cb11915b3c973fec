// Package statetest is shared data for tests, as a proxy has it.
package statetest

import (
	"bytes"
	"sync"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Host treats versions as Envoy does: 0 writes always, a name without a value takes any,
// and one count numbers all stores, from 1. Workers may share it.
//
// https://github.com/proxy-wasm/proxy-wasm-cpp-host/blob/main/src/shared_data.cc
type Host struct {
	mu      sync.Mutex
	values  map[string]stored
	version uint32
}

type stored struct {
	value   []byte
	version uint32
}

var _ state.Host = (*Host)(nil)

// Load returns a copy of a value.
func (h *Host) Load(key string) ([]byte, uint32, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v, ok := h.values[key]
	return append([]byte(nil), v.value...), v.version, ok
}

// Store keeps a copy of a value.
func (h *Host) Store(key string, value []byte, version uint32) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if old, ok := h.values[key]; ok && version != 0 && version != old.version {
		return state.ErrConflict
	}
	if h.version++; h.version == 0 {
		h.version = 1
	}
	if h.values == nil {
		h.values = map[string]stored{}
	}
	h.values[key] = stored{append([]byte(nil), value...), h.version}
	return nil
}

// Size is how many names there are, and how many bytes their values have.
func (h *Host) Size() (names, bytes int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.values {
		bytes += len(v.value)
	}
	return len(h.values), bytes
}

// Has reports whether any value has the text in it.
func (h *Host) Has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.values {
		if bytes.Contains(v.value, []byte(text)) {
			return true
		}
	}
	return false
}
