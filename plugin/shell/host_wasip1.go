package shell

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/postern-gateway/postern/plugin/abi"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// host answers the gateway's questions by host calls.
type host struct {
	pool [256]byte // random bytes, fetched many at a time
	left int
}

var _ gateway.Port = (*host)(nil)

func (h *host) Now() int64 {
	now, err := abi.Now()
	if err != nil {
		return 0 // a proxy without a clock: durations are then zero, nothing else depends on it
	}
	return now
}

func (h *host) Random() uint64 {
	if h.left < 8 {
		if _, err := rand.Read(h.pool[:]); err != nil {
			return uint64(h.Now()) // Read never fails by its contract
		}
		h.left = len(h.pool)
	}
	h.left -= 8
	return binary.LittleEndian.Uint64(h.pool[h.left:])
}

func (h *host) Load(key string) ([]byte, uint32, bool) {
	value, version, err := abi.Load(key)
	return value, version, err == nil
}

func (h *host) Store(key string, value []byte, version uint32) error {
	return abi.Store(key, value, version)
}

func (h *host) Property(path string) ([]byte, bool) {
	value, err := abi.Property(path)
	return value, err == nil
}

func (h *host) Value(s *meter.Series) uint64 {
	if !define(s) {
		return 0
	}
	v, err := abi.Metric(s.Host)
	if err != nil {
		return 0
	}
	return v
}

// define gets the proxy's number for a series; false if the proxy refuses it.
func define(s *meter.Series) bool {
	if s.Defined {
		return true
	}
	id, err := abi.DefineMetric(abi.MetricType(s.Kind), s.Name)
	if err != nil {
		return false
	}
	s.Host, s.Defined = id, true
	return true
}

func record(x meter.Sample) {
	if !define(x.Series) {
		return
	}
	var err error
	if x.Series.Kind == meter.Counter {
		err = abi.Increment(x.Series.Host, int64(x.Value))
	} else {
		err = abi.Record(x.Series.Host, x.Value)
	}
	if err != nil {
		abi.Log(abi.Error, "postern: the proxy refuses a value of "+x.Series.Name+": "+err.Error())
	}
}
