using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>The HTTP side of one endpoint: paths, methods, who may call, sizes. Reference 8.1.</summary>
internal sealed class ApiEndpoint(RpcOptions options, IReadOnlyList<TenantHost> tenants, CancellationToken stopping)
{
    private const string Api = "/api/v1";
    private readonly CallerGuard _guard = new(options);

    public async Task ServeAsync(HttpContext context)
    {
        if (_guard.Refusal(context.Request) is { } refusal)
        {
            await TextAsync(context, StatusCodes.Status403Forbidden, refusal);
            return;
        }

        (TenantHost? tenant, string path) = Route(context.Request.Path.Value ?? string.Empty);
        Task served = (tenant, path) switch
        {
            (_, Api + "/health") => TextAsync(context, StatusCodes.Status200OK, "OK"),
            (null, _) => TextAsync(context, StatusCodes.Status404NotFound, "404 page not found"),
            (_, Api) => ApiAsync(context, tenant),
            (_, Api + "/subscribe") => SubscribeAsync(context, tenant),
            _ => TextAsync(context, StatusCodes.Status404NotFound, "404 page not found"),
        };
        await served;
    }

    /// <summary>A tenant and the path within it. <c>/api/v1</c> itself means the only tenant, and nobody where there are several.</summary>
    private (TenantHost? Tenant, string Path) Route(string path)
    {
        if (!path.StartsWith("/t/", StringComparison.Ordinal))
        {
            return (tenants.Count == 1 ? tenants[0] : null, path);
        }

        int end = path.IndexOf('/', 3);
        string name = end < 0 ? string.Empty : path[3..end];
        TenantHost? tenant = tenants.FirstOrDefault(candidate => candidate.Name == name);
        return (tenant, tenant is null ? string.Empty : path[end..]);
    }

    private async Task ApiAsync(HttpContext context, TenantHost tenant)
    {
        _guard.WriteCors(context);
        bool preflight = context.Request.Method == HttpMethods.Options && context.Response.Headers.AccessControlAllowOrigin.Count > 0;
        if (preflight)
        {
            context.Response.Headers.AccessControlAllowHeaders = options.GoNitro ? "*" : "content-type";
            await TextAsync(context, StatusCodes.Status200OK, string.Empty);
        }
        else if (context.Request.Method != HttpMethods.Post)
        {
            context.Response.Headers.Allow = "POST";
            await TextAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
        }
        else
        {
            await PostAsync(context, tenant);
        }
    }

    private async Task PostAsync(HttpContext context, TenantHost tenant)
    {
        ReadOnlyMemory<byte>? body;
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted))
        {
            limit.CancelAfter(options.ReadTimeout);
            try
            {
                body = await ReadBodyAsync(context.Request, limit.Token);
            }
            catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
            {
                context.Abort();
                return;
            }
        }

        if (body is not { } request)
        {
            // The rest of the body is not worth reading.
            context.Response.Headers.Connection = "close";
            await TextAsync(context, StatusCodes.Status413PayloadTooLarge, "Request Entity Too Large");
            return;
        }

        var caller = new Caller(CallerGuard.IsOnLoopback(context), RpcId.Zero);
        ReadOnlyMemory<byte>? reply = await tenant.Handler.HandleAsync(request, caller, context.RequestAborted);
        await WriteAsync(context, options.GoNitro ? "text/plain; charset=utf-8" : "application/json", reply ?? ReadOnlyMemory<byte>.Empty);
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        int limit = options.RequestBytes;
        if (request.ContentLength > limit)
        {
            return null;
        }

        var body = new ArrayBufferWriter<byte>((int)Math.Max(256, request.ContentLength ?? 4096));
        while (true)
        {
            int read = await request.Body.ReadAsync(body.GetMemory(256), cancellationToken);
            body.Advance(read);
            if (body.WrittenCount > limit)
            {
                return null;
            }

            if (read == 0)
            {
                return body.WrittenMemory;
            }
        }
    }

    private async Task SubscribeAsync(HttpContext context, TenantHost tenant)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await TextAsync(context, StatusCodes.Status400BadRequest, "Bad Request: this address speaks WebSocket only");
            return;
        }

        if (!tenant.TryTakePlace())
        {
            string full = $"All {options.MaxSubscribers} subscriber places are taken; close one, or try later";
            await TextAsync(context, StatusCodes.Status503ServiceUnavailable, full);
            return;
        }

        var outbox = new Outbox(options.SubscriberQueue);
        try
        {
            await ConverseAsync(context, tenant, outbox);
        }
        finally
        {
            tenant.Fan.Remove(outbox);
            tenant.LeavePlace();
        }
    }

    private async Task ConverseAsync(HttpContext context, TenantHost tenant, Outbox outbox)
    {
        // go-nitro tells every subscriber everything. So do we on this machine; others first show a token, in the upgrade or in a request.
        var caller = new Caller(CallerGuard.IsOnLoopback(context), RpcId.Zero, admitted: () => tenant.Fan.Add(outbox));
        if (caller.OnLoopback || HasReadToken(context.Request, tenant.Tokens))
        {
            caller.Admit();
        }

        var terms = new WebSocketAcceptContext { KeepAliveInterval = options.KeepAlive, KeepAliveTimeout = options.KeepAlive };
        using System.Net.WebSockets.WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(terms);
        var conversation = new Conversation(tenant.Handler, caller, outbox, options.MaxInFlight);
        await new SubscribeSocket(socket, outbox, options).RunAsync(conversation, stopping);
    }

    private static bool HasReadToken(HttpRequest request, Tokens tokens)
    {
        const string Scheme = "Bearer ";
        string header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && tokens.Allows(header[Scheme.Length..].Trim(), "read");
    }

    private static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));
    }

    private static async Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
