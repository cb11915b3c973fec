package shell

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/postern-gateway/postern/plugin/abi"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/meter"
	"github.com/postern-gateway/postern/plugin/internal/state"
)

// host answers the gateway's questions by host calls.
type host struct{ random *rand.ChaCha8 }

var _ gateway.Port = (*host)(nil)

func newHost() *host {
	var seed []byte
	for range 4 {
		seed = binary.LittleEndian.AppendUint64(seed, rand.Uint64())
	}
	return &host{rand.NewChaCha8([32]byte(seed))}
}

// Now is 0 for a proxy without a clock: durations are then zero, nothing else depends on it.
func (h *host) Now() int64 { return abi.Now() }

// Random is ChaCha8, seeded from the host by Go's own generator, which is the same behind two calls more:
// crypto/rand would add its arithmetic to the module and a host call to every number.
func (h *host) Random() uint64 { return h.random.Uint64() }

func (h *host) Load(key string) ([]byte, uint32, bool) {
	value, version, err := abi.Load(key)
	return value, version, err == nil
}

func (h *host) Store(key string, value []byte, version uint32) error {
	err := abi.Store(key, value, version)
	if err == abi.ErrCASMismatch {
		return state.ErrConflict
	}
	return err
}

func (h *host) Property(path string) ([]byte, bool) {
	value, err := abi.Property(path)
	return value, err == nil
}

// Verify is a foreign function of Envoy's.
func (h *host) Verify(hash string, key, message, signature []byte) (valid, able bool) {
	result, err := abi.Foreign("verify_signature", verification(hash, key, message, signature))
	if err != nil {
		return false, false
	}
	return verdict(result)
}

func (h *host) Value(s *meter.Series) uint64 {
	if !s.Defined && !define(s) {
		return 0
	}
	return abi.Metric(s.Host)
}

// define gets the proxy's number for a series; false if the proxy refuses it.
//
//go:noinline
func define(s *meter.Series) bool {
	id, err := abi.DefineMetric(abi.MetricType(s.Kind), s.Name)
	if err != nil {
		return false
	}
	s.Host, s.Defined = id, true
	return true
}

func record(x meter.Sample) {
	if !x.Series.Defined && !define(x.Series) {
		return
	}
	var err error
	if x.Series.Kind != meter.Histogram { // of a gauge, too, the value is a change
		err = abi.Increment(x.Series.Host, int64(x.Value))
	} else {
		err = abi.Record(x.Series.Host, x.Value)
	}
	if err != nil {
		abi.Log(abi.Error, "postern: the proxy refuses a value of "+x.Series.Name+": "+err.Error())
	}
}
