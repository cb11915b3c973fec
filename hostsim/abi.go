package hostsim

import "strconv"

// A Status is what a host call returns to the plugin.
type Status uint32

// The statuses of proxy-wasm ABI 0.2.x.
const (
	StatusOK Status = iota
	StatusNotFound
	StatusBadArgument
	StatusSerializationFailure
	StatusParseFailure
	StatusBadExpression
	StatusInvalidMemoryAccess
	StatusEmpty
	StatusCASMismatch
	StatusResultMismatch
	StatusInternalFailure
	StatusBrokenConnection
	StatusUnimplemented
)

// String gives the name that the specification uses.
func (s Status) String() string {
	switch s {
	case StatusOK:
		return "ok"
	case StatusNotFound:
		return "not found"
	case StatusBadArgument:
		return "bad argument"
	case StatusSerializationFailure:
		return "serialization failure"
	case StatusParseFailure:
		return "parse failure"
	case StatusBadExpression:
		return "bad expression"
	case StatusInvalidMemoryAccess:
		return "invalid memory access"
	case StatusEmpty:
		return "empty"
	case StatusCASMismatch:
		return "cas mismatch"
	case StatusResultMismatch:
		return "result mismatch"
	case StatusInternalFailure:
		return "internal failure"
	case StatusBrokenConnection:
		return "broken connection"
	case StatusUnimplemented:
		return "unimplemented"
	}
	return "status " + strconv.FormatUint(uint64(s), 10)
}

// headersAction is what a headers callback asks for, as Envoy understands it.
type headersAction uint32

const (
	headersContinue headersAction = iota
	headersStop
	headersContinueAndEnd // known to the ABI; Envoy takes it for continue
	headersStopAllBuffer
	headersStopAllWatermark
)

// dataAction is what a body callback asks for.
type dataAction uint32

const (
	dataContinue dataAction = iota
	dataStopBuffer
	dataStopWatermark
	dataStopNoBuffer
)

// trailersAction is what a trailers callback asks for.
type trailersAction uint32

const (
	trailersContinue trailersAction = iota
	trailersStop
)

// Header maps by their number in the ABI.
const (
	mapRequestHeaders = iota
	mapRequestTrailers
	mapResponseHeaders
	mapResponseTrailers
	mapGrpcInitialMetadata
	mapGrpcTrailingMetadata
	mapCalloutHeaders
	mapCalloutTrailers
	mapMax = mapCalloutTrailers
)

// Buffers by their number in the ABI.
const (
	bufRequestBody = iota
	bufResponseBody
	bufDownstreamData
	bufUpstreamData
	bufCalloutBody
	bufGrpcMessage
	bufVMConfiguration
	bufPluginConfiguration
	bufCallData
	bufMax = bufCallData
)

// Stream types by their number in the ABI.
const (
	streamRequest = iota
	streamResponse
	streamDownstream
	streamUpstream
	streamMax = streamUpstream
)

// Metric types by their number in the ABI; also the low bits of a metric id.
const (
	metricCounter = iota
	metricGauge
	metricHistogram
	metricMax = metricHistogram

	metricTypeMask  = 3
	metricIncrement = 4
)

// Callout kinds: the low bits of a token.
const (
	calloutHTTP = iota
	calloutGrpcCall
	calloutGrpcStream

	calloutTypeMask  = 3
	calloutIncrement = 4
)

// What a guest may hand over as header pairs; more than this reads as no pairs at all.
const (
	pairsMaxBytes = 1 << 20
	pairsMaxCount = 1024
)

// wasiRandomMax is the most that one random_get may ask for.
const wasiRandomMax = 64 << 10
