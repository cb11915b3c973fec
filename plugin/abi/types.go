package abi

import (
	"errors"
	"strconv"
)

// Action tells the host what to do after a callback. Headers and data callbacks
// share the number space but not the meaning of every number.
type Action uint32

// Actions of header callbacks (Envoy's FilterHeadersStatus).
const (
	HeadersContinue            Action = 0
	HeadersStop                Action = 1 // body callbacks go on, if the host allows it
	HeadersContinueAndEnd      Action = 2
	HeadersStopAllAndBuffer    Action = 3
	HeadersStopAllAndWatermark Action = 4
)

// Actions of body callbacks (Envoy's FilterDataStatus).
const (
	DataContinue         Action = 0
	DataStopAndBuffer    Action = 1
	DataStopAndWatermark Action = 2
	DataStopNoBuffer     Action = 3
)

// MapType names a header map of the current stream or callout.
type MapType uint32

// Header maps.
const (
	RequestHeaders   MapType = 0
	RequestTrailers  MapType = 1
	ResponseHeaders  MapType = 2
	ResponseTrailers MapType = 3
	CalloutHeaders   MapType = 6
	CalloutTrailers  MapType = 7
)

// BufferType names a buffer of the current stream, callout or plugin.
type BufferType uint32

// Buffers.
const (
	RequestBody         BufferType = 0
	ResponseBody        BufferType = 1
	CalloutBody         BufferType = 4
	VMConfiguration     BufferType = 6
	PluginConfiguration BufferType = 7
)

// Direction is one half of an HTTP stream.
type Direction uint32

// Directions.
const (
	Request  Direction = 0
	Response Direction = 1
)

// MetricType is the kind of a metric.
type MetricType uint32

// Metric kinds.
const (
	Counter   MetricType = 0
	Gauge     MetricType = 1
	Histogram MetricType = 2
)

// LogLevel is the severity of a log line.
type LogLevel uint32

// Log levels.
const (
	Trace    LogLevel = 0
	Debug    LogLevel = 1
	Info     LogLevel = 2
	Warn     LogLevel = 3
	Error    LogLevel = 4
	Critical LogLevel = 5
)

// Errors that callers act on; any other status is a StatusError.
var (
	ErrNotFound    = errors.New("host: not found")
	ErrBadArgument = errors.New("host: bad argument")
	ErrCASMismatch = errors.New("host: version mismatch")
)

// A StatusError is a host call's status that has no error of its own.
type StatusError uint32

func (e StatusError) Error() string { return "host: status " + strconv.Itoa(int(e)) }

// often is statusError for what a request calls many times: it is put in each place.
func often(status uint32) error {
	if status == 0 {
		return nil
	}
	return statusError(status)
}

//go:noinline
func statusError(status uint32) error {
	switch status {
	case 0:
		return nil
	case 1:
		return ErrNotFound
	case 2:
		return ErrBadArgument
	case 8:
		return ErrCASMismatch
	}
	return StatusError(status)
}
