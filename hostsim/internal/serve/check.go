package serve

import (
	"context"
	"errors"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// Check starts every plugin of a file once, one after the other, and returns how
// many there are. Its error has what each of them rejects.
func Check(ctx context.Context, file *bootstrap.Bootstrap, o Options) (int, error) {
	var list []bootstrap.Plugin
	for _, l := range file.Listeners {
		list = append(list, l.HCM.Plugins...)
	}
	for _, c := range file.Clusters {
		list = append(list, c.Plugins...)
	}
	known := map[string]hostsim.Handler{}
	for _, c := range file.Clusters {
		known[c.Name] = nil
	}
	var errs []error
	for _, p := range list {
		errs = append(errs, checkPlugin(ctx, p, known, o))
	}
	return len(list), errors.Join(errs...)
}

func checkPlugin(ctx context.Context, p bootstrap.Plugin, clusters map[string]hostsim.Handler, o Options) error {
	one, err := o.Modules.Plugin(ctx, p)
	if err != nil {
		return err
	}
	cfg := HostConfig(o)
	cfg.Workers, cfg.Canary, cfg.MainThread, cfg.Clusters = 1, false, false, clusters
	cfg.Plugins = []hostsim.Plugin{one}
	h, err := hostsim.New(cfg)
	if err != nil {
		return err
	}
	return h.Close()
}
