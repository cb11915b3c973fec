package adaptertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrArguments is the fault of a stream whose calls have arguments that are no JSON
// object, where nothing explains it. A gateway passes on what the model writes, so that
// a grammar may be all right but for this; callers test with errors.Is.
var ErrArguments = errors.New("arguments of a call are no JSON object")

// strictly decodes one JSON object that has no members but those of v.
func strictly(data []byte, v any) error {
	if _, err := Value(data); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// assemble reads a stream event by event, until one was the last.
func assemble(cut cutter, stream []byte, read func(f frame) (Ending, error)) (Ending, error) {
	list, err := cut(stream)
	if err != nil {
		return Cut, err
	}
	ending := Cut
	for i, f := range list {
		if ending != Cut {
			return ending, fmt.Errorf("event %d follows the last one: %s", i+1, f.data)
		}
		if ending, err = read(f); err != nil {
			return ending, fmt.Errorf("event %d: %w: %s", i+1, err, f.data)
		}
	}
	return ending, nil
}

// isObject reports whether the arguments of a call are a JSON object.
func isObject(s string) bool {
	v, err := Value([]byte(s))
	_, ok := v.(map[string]any)
	return err == nil && ok
}

// first returns the problems that there are.
func first(problems ...string) error {
	for _, p := range problems {
		if p != "" {
			return errors.New(p)
		}
	}
	return nil
}

func unless(ok bool, problem string) string {
	if ok {
		return ""
	}
	return problem
}
