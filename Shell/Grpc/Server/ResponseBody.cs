using System.Globalization;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Nitro.Grpc.Wire;

namespace Nitro.Grpc;

/// <summary>The way back of one call: headers, messages one at a time, and once, whoever comes first, the status.</summary>
internal sealed class ResponseBody(HttpContext http, int maxSendBytes) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _isOpen;
    private bool _isEnded;

    public GrpcMetadata Headers { get; } = new();

    public async Task SendHeadersAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            Open();
            await FlushAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The tokens end the wait for the turn; a message that has begun goes out, or breaks with the stream.</summary>
    public async Task SendAsync(IReadOnlyList<IMessage> messages, CancellationToken ownToken, CancellationToken callToken)
    {
        using CancellationTokenSource? both = ownToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(ownToken, callToken) : null;
        await _turn.WaitAsync(both?.Token ?? callToken);
        try
        {
            foreach (IMessage message in messages)
            {
                Put(message);
            }

            await FlushAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Writes without sending: the status follows at once and takes it along.</summary>
    public async Task HoldAsync(IMessage message, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            Put(message);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the response, unless it has ended.</summary>
    public Task EndAsync(Status status) => TryEndAsync(status, Timeout.InfiniteTimeSpan);

    /// <summary>The same; false if a message was under way all that time, since the client takes nothing.</summary>
    public async Task<bool> TryEndAsync(Status status, TimeSpan patience)
    {
        if (!await _turn.WaitAsync(patience))
        {
            return false;
        }

        try
        {
            if (!_isEnded)
            {
                _isEnded = true;
                await WriteEndAsync(status);
            }

            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private static void Add(IHeaderDictionary place, GrpcMetadata metadata)
    {
        foreach (GrpcMetadataEntry entry in metadata)
        {
            place.Append(entry.Key, entry.Value);
        }
    }

    /// <summary>Without a message or headers before it, the status takes the headers' place (trailers-only).</summary>
    private async Task WriteEndAsync(Status status)
    {
        IHeaderDictionary place = _isOpen ? http.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers : http.Response.Headers;
        if (!_isOpen)
        {
            SetUp();
        }

        place[Status.CodeName] = ((int)status.Code).ToString(CultureInfo.InvariantCulture);
        if (status.Message.Length > 0)
        {
            place[Status.MessageName] = PercentText.Encode(status.Message);
        }

        Add(place, status.Trailers);
        await http.Response.CompleteAsync();
    }

    private void SetUp()
    {
        http.Response.ContentType = ContentType.Grpc;
        http.Response.Headers["grpc-accept-encoding"] = Encodings.Accepted;
    }

    private void Open()
    {
        if (_isEnded)
        {
            throw new OperationCanceledException("The call is over.");
        }

        if (!_isOpen)
        {
            _isOpen = true;
            SetUp();
            Add(http.Response.Headers, Headers);
        }
    }

    private void Put(IMessage message)
    {
        Open();
        MessageFrame.Write(http.Response.BodyWriter, message, maxSendBytes);
    }

    /// <summary>
    /// Without a token: the framework answers a cancelled flush by breaking the stream. A pipe whose other end is gone swallows what it
    /// is given; the writer is told.
    /// </summary>
    private async Task FlushAsync()
    {
        FlushResult flushed = await http.Response.BodyWriter.FlushAsync(CancellationToken.None);
        if (flushed.IsCompleted || flushed.IsCanceled)
        {
            throw new IOException("The client is gone.");
        }
    }
}
