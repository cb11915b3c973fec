package hostsim

import (
	"bytes"
	"compress/zlib"
	"io"
)

// envoyFunctions are the foreign functions that Envoy itself registers.
func envoyFunctions() map[string]ForeignFunction {
	return map[string]ForeignFunction{
		"compress":   func(c ForeignCall) ([]byte, Status) { return compress(c.Argument) },
		"uncompress": func(c ForeignCall) ([]byte, Status) { return uncompress(c.Argument) },
	}
}

func compress(p []byte) ([]byte, Status) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(p); err != nil {
		return nil, StatusSerializationFailure
	}
	if err := w.Close(); err != nil {
		return nil, StatusSerializationFailure
	}
	return b.Bytes(), StatusOK
}

func uncompress(p []byte) ([]byte, Status) {
	r, err := zlib.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, StatusSerializationFailure
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return nil, StatusSerializationFailure
	}
	return out, StatusOK
}
