package main

import (
	"context"
	"io"
)

func replayCommand(_ context.Context, _ []string, _, _ io.Writer) error {
	return usageError("replay: not built yet")
}
