package vertex

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/strict"
)

// New is the provider with options in JSON, as tests use it.
func New(options string) (a adapters.Adapter, err error) {
	p := Provider()
	var inner error
	err = strict.Decode([]byte(options), func(o *strict.Object) { a, inner = p.Options(o) })
	if err == nil {
		err = inner
	}
	return a, err
}
