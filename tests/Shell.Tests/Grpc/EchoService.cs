using Google.Protobuf;
using Nitro.Grpc;
using Nitro.Shell.Tests.Grpc.Messages;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>The service of echo.proto: it gives back what it is sent, unless the text asks for something else.</summary>
internal sealed class EchoService
{
    /// <summary>Not ASCII, with a percent sign and a line end.</summary>
    public const string Message = "grüße ☃ 100%\nend";

    private const string Name = "nitro.test.Echo";
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static GrpcMethod<Note, Note> Say { get; } = new(Name, "Say", GrpcMethodKind.Unary);

    public static GrpcMethod<Note, Note> Gather { get; } = new(Name, "Gather", GrpcMethodKind.ClientStreaming);

    public static GrpcMethod<Note, Note> Count { get; } = new(Name, "Count", GrpcMethodKind.ServerStreaming);

    public static GrpcMethod<Note, Note> Chat { get; } = new(Name, "Chat", GrpcMethodKind.Duplex);

    /// <summary>A call that waits has begun.</summary>
    public Task Started => _started.Task;

    /// <summary>The token of a call that waits has fired.</summary>
    public Task Cancelled => _cancelled.Task;

    /// <summary>Responses that were written by a call that floods.</summary>
    public int Flooded { get; private set; }

    public GrpcHandlers Handlers => new GrpcHandlers()
        .Unary(Say, SayAsync)
        .ClientStreaming(Gather, GatherAsync)
        .ServerStreaming(Count, CountAsync)
        .Duplex(Chat, ChatAsync);

    /// <summary>Lets calls go that do not heed their token.</summary>
    public void Release() => _release.TrySetResult();

    private static GrpcException Failure(int code)
    {
        var trailers = new GrpcMetadata();
        trailers.Add("x-why", "because");
        trailers.Add("x-why-bin", [0, 255, 7]);
        return new GrpcException((GrpcStatusCode)code, Message, trailers);
    }

    private static void Copy(GrpcMetadata from, GrpcMetadata to)
    {
        foreach (GrpcMetadataEntry entry in from.Where(entry => entry.Key is "x-text" or "x-raw-bin"))
        {
            if (entry.Key == "x-text")
            {
                to.Add(entry.Key, entry.Value);
            }
            else
            {
                to.Add(entry.Key, entry.Bytes.Span);
            }
        }
    }

    private async Task<Note> SayAsync(Note note, GrpcServerCall call)
    {
        switch (note.Text)
        {
            case "fail":
                throw Failure(note.Number);
            case "throw":
                throw new InvalidOperationException("a secret of the server");
            case "meta":
                Copy(call.Metadata, call.Headers);
                Copy(call.Metadata, call.Trailers);
                return note;
            case "who":
                return new Note { Text = $"{call.ClientCertificate?.Subject} from {call.RemoteEndPoint?.Address}" };
            case "make":
                return new Note { Body = ByteString.CopyFrom(new byte[note.Number]) };
            case "wait":
                await WaitAsync(call);
                return note;
            case "ignore":
                _started.TrySetResult();
                await _release.Task;
                return note;
            default:
                return note;
        }
    }

    private async Task<Note> GatherAsync(IAsyncEnumerable<Note> notes, GrpcServerCall call)
    {
        var sum = new Note();
        await foreach (Note note in notes)
        {
            if (note.Text == "fail")
            {
                throw Failure(note.Number);
            }

            _started.TrySetResult();
            sum.Number += note.Number;
            sum.Text += note.Text;
        }

        return sum;
    }

    private async Task CountAsync(Note note, GrpcResponses<Note> responses, GrpcServerCall call)
    {
        for (int number = 1; number <= note.Number; number++)
        {
            await responses.WriteAsync(new Note { Number = number }, CancellationToken.None);
        }

        switch (note.Text)
        {
            case "fail":
                throw Failure(9);
            case "headers":
                Copy(call.Metadata, call.Headers);
                await call.SendHeadersAsync();
                await WaitAsync(call);
                break;
            case "forever":
                await responses.WriteAsync(note, CancellationToken.None);
                await WaitAsync(call);
                break;
            case "flood":
                await FloodAsync(responses, call);
                break;
            case "impatient":
                await GiveUpWaitingAsync(responses);
                await responses.WriteAsync(new Note { Text = "after" }, CancellationToken.None);
                break;
        }
    }

    private async Task ChatAsync(IAsyncEnumerable<Note> notes, GrpcResponses<Note> responses, GrpcServerCall call)
    {
        try
        {
            await foreach (Note note in notes)
            {
                await (note.Text == "fail" ? throw Failure(note.Number) : responses.WriteAsync(note, call.CancellationToken));
            }
        }
        catch (OperationCanceledException)
        {
            _cancelled.TrySetResult();
            throw;
        }
    }

    /// <summary>Writes more than any window takes, and cancels a write behind that.</summary>
    private async Task GiveUpWaitingAsync(GrpcResponses<Note> responses)
    {
        var note = new Note { Body = ByteString.CopyFrom(new byte[64 * 1024]) };
        Task[] writes = [.. Enumerable.Range(0, 400).Select(_ => responses.WriteAsync(note, CancellationToken.None))];
        using var giveUp = new CancellationTokenSource();
        Task next = responses.WriteAsync(new Note { Text = "given up" }, giveUp.Token);
        await giveUp.CancelAsync();
        try
        {
            await next;
        }
        catch (OperationCanceledException)
        {
            _started.TrySetResult();
        }

        await Task.WhenAll(writes);
    }

    private async Task FloodAsync(GrpcResponses<Note> responses, GrpcServerCall call)
    {
        using CancellationTokenRegistration watch = call.CancellationToken.Register(() => _cancelled.TrySetResult());
        var note = new Note { Body = ByteString.CopyFrom(new byte[64 * 1024]) };
        while (true)
        {
            Task write = responses.WriteAsync(note, CancellationToken.None);
            if (!write.IsCompleted)
            {
                _started.TrySetResult(); // held up
            }

            await write;
            Flooded++;
        }
    }

    private async Task WaitAsync(GrpcServerCall call)
    {
        using CancellationTokenRegistration watch = call.CancellationToken.Register(() => _cancelled.TrySetResult());
        _started.TrySetResult();
        await Task.Delay(Timeout.Infinite, call.CancellationToken);
    }
}
