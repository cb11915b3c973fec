package bootstrap

import (
	"fmt"
	"os"
	"time"
)

// A Plugin is a Wasm filter.
type Plugin struct {
	Name, RootID, Configuration string
	VMID, VMConfiguration       string
	Env                         map[string]string
	File                        string // of the code, or
	Code                        []byte
	FailurePolicy               string // FAIL_CLOSED, FAIL_OPEN or FAIL_RELOAD
	ReloadBackoff               time.Duration
	HeadersStop                 bool // allow_on_headers_stop_iteration
	Path                        string
}

func readWasm(o *object) Plugin {
	c, ok := o.child("config")
	if !ok {
		o.failAt("config", "missing")
	}
	defer o.done()
	return readPlugin(c)
}

func readPlugin(c *object) Plugin {
	p := Plugin{Name: c.str("name", ""), RootID: c.str("root_id", ""), Configuration: readAny(c, "configuration"),
		HeadersStop: c.boolean("allow_on_headers_stop_iteration", false), Path: c.path}
	p.FailurePolicy = c.word("failure_policy", "UNSPECIFIED", "FAIL_CLOSED", "FAIL_OPEN", "FAIL_RELOAD")
	switch open := c.boolean("fail_open", false); {
	case p.FailurePolicy != "UNSPECIFIED" && open:
		c.failAt("fail_open", "stands against failure_policy")
	case open:
		p.FailurePolicy = "FAIL_OPEN"
	case p.FailurePolicy == "UNSPECIFIED":
		p.FailurePolicy = "FAIL_CLOSED"
	}
	if r, ok := c.child("reload_config"); ok {
		b, _ := r.child("backoff")
		p.ReloadBackoff = b.duration("base_interval", time.Second)
		b.ignore("reloads keep the base interval", "max_interval")
		b.done()
		r.done()
	}
	if limits, ok := c.child("capability_restriction_config"); ok {
		allowed, _ := limits.child("allowed_capabilities")
		allowed.done() // an empty map restricts nothing
		limits.done()
	}
	if vm, ok := c.child("vm_config"); ok {
		readVM(vm, &p)
	} else {
		c.failAt("vm_config", "missing")
	}
	c.done()
	return p
}

func readVM(o *object, p *Plugin) {
	p.VMID = o.str("vm_id", "")
	p.VMConfiguration = readAny(o, "configuration")
	o.str("runtime", "") // modules run in wazero, whatever the proxy runs them in
	o.ignore("modules are compiled here", "allow_precompiled")
	o.ignore("code is local", "nack_on_code_cache_miss")
	if code, ok := o.child("code"); ok {
		readCode(code, p)
	} else {
		o.failAt("code", "missing")
	}
	if env, ok := o.child("environment_variables"); ok {
		p.Env = readEnv(env)
	}
	o.done()
}

func readCode(o *object, p *Plugin) {
	defer o.done()
	if o.oneOf("local", "remote") != "local" {
		if o.has("remote") {
			o.value("remote")
			o.failAt("remote", "code is not fetched here: give local.filename")
		}
		return
	}
	local, _ := o.child("local")
	if local.has("filename") {
		p.File = local.str("filename", "")
		local.done()
		return
	}
	p.Code = readData(local)
}

// readEnv takes what the environment has; a variable that it does not have is left out.
func readEnv(o *object) map[string]string {
	env := map[string]string{}
	for _, k := range o.strings("host_env_keys") {
		if v, ok := os.LookupEnv(k); ok {
			env[k] = v
		}
	}
	if n := o.value("key_values"); n != nil {
		kv := o.r.object(n, o.at("key_values"))
		for i, k := range kv.n.keys {
			if _, twice := env[k]; twice {
				kv.r.problem(kv.at(k), kv.n.sub[i].line, "also in host_env_keys")
			}
			if kv.n.sub[i].kind != kindString {
				kv.r.problem(kv.at(k), kv.n.sub[i].line, "want a string, got %s", kv.n.sub[i].kind)
			}
			env[k] = kv.n.sub[i].text
		}
	}
	o.done()
	return env
}

// ReadPlugin reads a file that has the configuration of one plugin: what stands
// below "config" in a Wasm filter. A file for the code, if given, replaces its own.
func ReadPlugin(file, code string) (Plugin, error) {
	doc, err := os.ReadFile(file)
	if err != nil {
		return Plugin{}, err
	}
	n, err := parse(doc)
	if err != nil {
		return Plugin{}, fmt.Errorf("%s: %w", file, err)
	}
	r := &reader{}
	p := readPlugin(r.root(n))
	if code != "" {
		p.File, p.Code = code, nil
	}
	return p, r.err()
}
