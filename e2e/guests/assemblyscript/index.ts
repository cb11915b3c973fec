// The gate of doc.go in AssemblyScript.
export * from "@solo-io/proxy-runtime/proxy";
import {
  BaseContext, Context, Counter, FilterDataStatusValues, FilterHeadersStatusValues, GrpcStatusValues, HeaderPair, Headers,
  LogLevelValues, RootContext, WasmResultValues, continue_request, log, registerRootContext, send_local_response, stream_context,
} from "@solo-io/proxy-runtime";
import { BufferTypeValues, Reference, get_buffer_bytes, get_property, set_property, set_tick_period_milliseconds } from "@solo-io/proxy-runtime/runtime";
import * as imports from "@solo-io/proxy-runtime/imports";

// The SDK lacks this one.
// @ts-ignore: decorator
@external("env", "proxy_set_buffer_bytes")
declare function proxy_set_buffer_bytes(typ: u32, start: u32, length: u32, ptr: usize, size: usize): u32;

function replaceBody(typ: BufferTypeValues, length: u32, text: string): void {
  const b = String.UTF8.encode(text);
  proxy_set_buffer_bytes(typ, 0, length, changetype<usize>(b), b.byteLength);
}

function pair(name: string, value: string): HeaderPair {
  return new HeaderPair(String.UTF8.encode(name), String.UTF8.encode(value));
}

// What the SDK's own functions for shared data pass to the host are not pointers to results.
function sharedNumber(name: string, cas: Reference<u32>): i32 {
  const key = String.UTF8.encode(name);
  const data = new Reference<usize>();
  const size = new Reference<usize>();
  const result = imports.proxy_get_shared_data(changetype<usize>(key), key.byteLength, data.ptr(), size.ptr(), cas.ptr());
  if (result != WasmResultValues.Ok) return 0;
  return I32.parseInt(String.UTF8.decode(changetype<ArrayBuffer>(data.data))) as i32;
}

function setSharedNumber(name: string, value: i32, cas: u32): u32 {
  const key = String.UTF8.encode(name);
  const text = String.UTF8.encode(value.toString());
  return imports.proxy_set_shared_data(changetype<usize>(key), key.byteLength, changetype<usize>(text), text.byteLength, cas);
}

class GateRoot extends RootContext {
  requests: Counter | null = null;

  onConfigure(size: u32): bool {
    const ok = super.onConfigure(size);
    if (this.getConfiguration().includes(" ")) {
      log(LogLevelValues.error, "want one word");
      return false;
    }
    this.requests = new Counter("gate_requests");
    set_tick_period_milliseconds(1000);
    return ok;
  }

  onTick(): void {
    const cas = new Reference<u32>();
    const ticks = sharedNumber("ticks", cas);
    setSharedNumber("ticks", ticks + 1, cas.data);
  }

  createContext(id: u32): Context {
    return new Gate(id, this);
  }
}

class Gate extends Context {
  onRequestHeaders(count: u32, end: bool): FilterHeadersStatusValues {
    const token = stream_context.headers.request.get("x-token");
    if (token == "") {
      send_local_response(401, "no_token", String.UTF8.encode("no token"), [pair("x-gate", "shut")], GrpcStatusValues.InvalidCode);
      return FilterHeadersStatusValues.StopIteration;
    }
    stream_context.headers.request.add("x-method", String.UTF8.decode(get_property("request\0method")));
    stream_context.headers.request.remove("content-length");
    const headers: Headers = [pair(":method", "GET"), pair(":path", "/" + token), pair(":authority", "accounts")];
    const sent = this.root_context.httpCall("accounts", headers, new ArrayBuffer(0), [], 1000, this,
      (origin: BaseContext, headers: u32, size: usize, trailers: u32) => {
        if (stream_context.headers.http_callback.get(":status") != "200") {
          send_local_response(403, "unknown_token", String.UTF8.encode("unknown token"), [], GrpcStatusValues.InvalidCode);
          return;
        }
        const user = String.UTF8.decode(get_buffer_bytes(BufferTypeValues.HttpCallResponseBody, 0, size as u32));
        stream_context.headers.request.add("x-user", user);
        set_property("user", String.UTF8.encode(user));
        continue_request();
      });
    if (sent != WasmResultValues.Ok) {
      send_local_response(500, "no_callout", String.UTF8.encode("no callout"), [], GrpcStatusValues.InvalidCode);
    }
    return FilterHeadersStatusValues.StopIteration;
  }

  onRequestBody(size: usize, end: bool): FilterDataStatusValues {
    if (!end) return FilterDataStatusValues.StopIterationAndBuffer;
    const body = String.UTF8.decode(get_buffer_bytes(BufferTypeValues.HttpRequestBody, 0, size as u32));
    replaceBody(BufferTypeValues.HttpRequestBody, size as u32, this.root_context.getConfiguration() + " " + body);
    return FilterDataStatusValues.Continue;
  }

  onResponseHeaders(count: u32, end: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add("x-ticks", sharedNumber("ticks", new Reference<u32>()).toString());
    stream_context.headers.response.remove("content-length");
    return FilterHeadersStatusValues.Continue;
  }

  onResponseBody(size: usize, end: bool): FilterDataStatusValues {
    const body = String.UTF8.decode(get_buffer_bytes(BufferTypeValues.HttpResponseBody, 0, size as u32));
    replaceBody(BufferTypeValues.HttpResponseBody, size as u32, body.toUpperCase());
    return FilterDataStatusValues.Continue;
  }

  onLog(): void {
    (this.root_context as GateRoot).requests!.increment(1);
    log(LogLevelValues.info, "done with " + stream_context.headers.request.get(":path"));
  }
}

registerRootContext((id: u32) => new GateRoot(id), "gate");
