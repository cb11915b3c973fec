package bootstrap

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
)

// readStruct reads a google.protobuf.Struct.
func readStruct(o *object, key string) map[string]any {
	v := map[string]any{}
	if n := o.value(key); n != nil {
		if err := json.Unmarshal(n.json(), &v); err != nil {
			o.failAt(key, "want an object, got %s", n.kind)
		}
	}
	return v
}

// readClientTLS reads a cluster's transport socket.
func readClientTLS(socket *object) *ClientTLS {
	defer socket.done()
	socket.required("name")
	o, ok := socket.child("typed_config")
	if !ok {
		socket.failAt("typed_config", "missing")
		return nil
	}
	defer o.done()
	switch name := o.typeName(); name {
	case typeRawBuffer:
		return nil
	case typeClientTLS:
	default:
		o.failAt("@type", "only %s and %s are supported, got %q", typeClientTLS, typeRawBuffer, name)
		return nil
	}
	t := &ClientTLS{SNI: o.str("sni", ""), Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	t.VerifySNI = o.boolean("auto_sni_san_validation", false)
	t.HostSNI = o.boolean("auto_host_sni", false)
	o.ignore("Go's client does not renegotiate", "allow_renegotiation", "max_session_keys", "enforce_rsa_key_usage")
	common, _ := o.child("common_tls_context")
	defer common.done()
	t.ALPN = common.strings("alpn_protocols")
	readTLSParams(common, t.Config)
	readCertificates(common, t.Config)
	v, ok := common.child("validation_context")
	if !ok {
		t.Unverified = true
		return t
	}
	readValidation(v, t)
	return t
}

func readValidation(v *object, t *ClientTLS) {
	defer v.done()
	t.Unverified = true
	if ca, ok := v.child("trusted_ca"); ok {
		t.Unverified = false
		t.Config.RootCAs = readRoots(ca)
	}
	if system, ok := v.child("system_root_certs"); ok {
		t.Unverified = false
		system.done()
	}
	v.list("match_typed_subject_alt_names", func(s *object) {
		s.word("san_type", "DNS", "IP_ADDRESS", "URI")
		m, _ := s.child("matcher")
		t.Names = append(t.Names, readStringMatch(m))
		s.done()
	})
	if t.Unverified && len(t.Names) > 0 {
		v.failAt("match_typed_subject_alt_names", "a name says nothing without trusted_ca")
	}
}

func readRoots(o *object) *x509.CertPool {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(readData(o)) {
		o.fail("want certificates in PEM")
	}
	return pool
}

func readTLSParams(common *object, c *tls.Config) {
	p, ok := common.child("tls_params")
	if !ok {
		return
	}
	versions := map[string]uint16{"TLS_AUTO": 0, "TLSv1_0": tls.VersionTLS10, "TLSv1_1": tls.VersionTLS11,
		"TLSv1_2": tls.VersionTLS12, "TLSv1_3": tls.VersionTLS13}
	names := []string{"TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"}
	if v := versions[p.word("tls_minimum_protocol_version", "TLS_AUTO", names...)]; v != 0 {
		c.MinVersion = v
	}
	c.MaxVersion = versions[p.word("tls_maximum_protocol_version", "TLS_AUTO", names...)]
	p.done()
}

func readCertificates(common *object, c *tls.Config) {
	common.list("tls_certificates", func(o *object) {
		chain, _ := o.child("certificate_chain")
		key, _ := o.child("private_key")
		pair, err := tls.X509KeyPair(readData(chain), readData(key))
		if err != nil {
			o.fail("%v", err)
		} else {
			c.Certificates = append(c.Certificates, pair)
		}
		o.done()
	})
}

// readServerTLS reads a listener's transport socket.
func readServerTLS(socket *object) *ServerTLS {
	defer socket.done()
	socket.required("name")
	o, ok := socket.typed("typed_config", typeServerTLS)
	defer o.done()
	t := &ServerTLS{Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	if !ok {
		return t
	}
	common, _ := o.child("common_tls_context")
	defer common.done()
	common.strings("alpn_protocols") // follows from codec_type
	readTLSParams(common, t.Config)
	readCertificates(common, t.Config)
	if len(t.Config.Certificates) == 0 {
		common.failAt("tls_certificates", "want at least one")
	}
	if v, ok := common.child("validation_context"); ok {
		if ca, ok := v.child("trusted_ca"); ok {
			t.Config.ClientCAs = readRoots(ca)
			t.Config.ClientAuth = tls.VerifyClientCertIfGiven
		}
		v.done()
	}
	if o.boolean("require_client_certificate", false) {
		t.Config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return t
}
