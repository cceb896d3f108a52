using System.Net;
using Microsoft.AspNetCore.Http;

namespace Nitro.JsonRpc;

/// <summary>
/// Keeps web pages out: a page the operator visits can send requests to this machine, but its browser names the page in Origin, and a
/// page that rebinds its own name to this machine gives that name as Host.
/// </summary>
internal sealed class CallerGuard(RpcOptions options)
{
    private readonly HashSet<string> _origins = new(options.Origins, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _hosts = new(options.Hosts, StringComparer.OrdinalIgnoreCase);

    /// <summary>Why the request is refused (the text of a 403), or null. go-nitro refuses nobody.</summary>
    public string? Refusal(HttpRequest request)
    {
        if (options.GoNitro)
        {
            return null;
        }

        if (!IsLoopbackName(request.Host.Host) && !_hosts.Contains(request.Host.Host))
        {
            return "This Host is not served here. Use localhost or 127.0.0.1, or list the name in rpc.hosts.";
        }

        return request.Headers.Origin.All(origin => origin is not null && _origins.Contains(origin))
            ? null
            : "Requests from web pages are refused. To let this page's origin in, list it in rpc.origins.";
    }

    /// <summary>
    /// Whether the caller sits on this machine. A proxy on this machine forwards others' requests: it gives itself away by the Host it
    /// was called by or by its forwarding headers.
    /// </summary>
    public static bool IsOnLoopback(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        return context.Connection.RemoteIpAddress is { } remote
            && IPAddress.IsLoopback(remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote)
            && IsLoopbackName(context.Request.Host.Host)
            && !headers.ContainsKey("Forwarded")
            && !headers.ContainsKey("X-Forwarded-For");
    }

    /// <summary>The CORS headers: everything for everybody in go-nitro mode, else only what a listed origin needs.</summary>
    public void WriteCors(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        if (options.GoNitro)
        {
            headers.AccessControlAllowOrigin = "*";
        }
        else if (context.Request.Headers.Origin is [{ } origin])
        {
            // Only listed origins come this far.
            headers.AccessControlAllowOrigin = origin;
            headers.Vary = "Origin";
        }
    }

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.AsSpan().Trim("[]"), out IPAddress? address) && IPAddress.IsLoopback(address));
}
