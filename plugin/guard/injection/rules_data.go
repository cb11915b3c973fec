package injection

import (
	"compress/flate"
	_ "embed" // for the rules
	"io"
	"strings"
)

// packed is rules.txt, a byte 0 and the weights, deflated; package fit writes it.
//
//go:embed rules.bin
var packed string

// Default is the rules that the module comes with.
func Default() (*Rules, error) {
	both, err := unpack()
	if err != nil {
		return nil, err
	}
	text, weights, _ := strings.Cut(both, "\x00")
	return Compile(text, weights)
}

func unpack() (string, error) {
	both, err := io.ReadAll(flate.NewReader(strings.NewReader(packed)))
	return string(both), err
}
