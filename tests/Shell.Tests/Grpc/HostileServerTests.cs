using System.IO.Compression;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Nitro.Grpc;
using Nitro.Shell.Tests.Grpc.Messages;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>Answers that no gRPC server gives: each ends the call with a clear status.</summary>
public sealed class HostileServerTests
{
    private static readonly byte[] Good = RawClient.Frame(new Note { Text = "x" });

    public static TheoryData<string, GrpcStatusCode, byte[], string?> BrokenBodies => new()
    {
        { "no message", GrpcStatusCode.Internal, [], "0" },
        { "a prefix cut off", GrpcStatusCode.Internal, [0, 0, 0], "0" },
        { "a message cut off", GrpcStatusCode.Internal, RawClient.Frame(0, [10, 1, 120], 100), "0" },
        { "a length over the limit", GrpcStatusCode.ResourceExhausted, RawClient.Frame(0, [1], uint.MaxValue), "0" },
        { "the flag 2", GrpcStatusCode.Internal, RawClient.Frame(2, [10, 1, 120]), "0" },
        { "garbage", GrpcStatusCode.Internal, RawClient.Frame(0, [255, 255, 255]), "0" },
        { "two messages for one", GrpcStatusCode.Internal, [.. Good, .. Good], "0" },
        { "compressed without an encoding", GrpcStatusCode.Internal, RawClient.Frame(1, [1]), "0" },
        { "no status", GrpcStatusCode.Unknown, Good, null },
        { "a status that is no number", GrpcStatusCode.Unknown, Good, "fine" },
        { "a status that is none", GrpcStatusCode.Unknown, Good, "17" },
        { "a negative status", GrpcStatusCode.Unknown, Good, "-1" },
        { "a failure behind a message", GrpcStatusCode.DataLoss, Good, "15" },
    };

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task ABrokenBodyIsAStatus(string what, GrpcStatusCode code, byte[] body, string? status)
    {
        await using RawServer server = await RawServer.StartAsync(body, status);

        GrpcException failed = await OwnCallTests.FailsAsync(() => server.Channel.UnaryAsync(EchoService.Say, new Note(), null, server.Limit));

        Assert.True(code == failed.Code, $"{what}: {failed.Code} {failed.Message}");
    }

    [Fact]
    public async Task PackedMessagesAreRead()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            OwnCallTests.Sized(100_000).WriteTo(gzip);
        }

        await using RawServer server = await RawServer.StartAsync([.. RawClient.Frame(1, packed.ToArray()), .. Good], "0", "gzip");

        var lengths = new List<(int, string)>();
        await foreach (Note note in server.Channel.ServerStreamAsync(EchoService.Count, new Note(), null, server.Limit))
        {
            lengths.Add((note.Body.Length, note.Text));
        }

        Assert.Equal([(100_000, ""), (0, "x")], lengths);
    }

    [Theory]
    [InlineData(400, GrpcStatusCode.Internal)]
    [InlineData(401, GrpcStatusCode.Unauthenticated)]
    [InlineData(403, GrpcStatusCode.PermissionDenied)]
    [InlineData(404, GrpcStatusCode.Unimplemented)]
    [InlineData(415, GrpcStatusCode.Unknown)]
    [InlineData(429, GrpcStatusCode.Unavailable)]
    [InlineData(500, GrpcStatusCode.Unknown)]
    [InlineData(502, GrpcStatusCode.Unavailable)]
    [InlineData(503, GrpcStatusCode.Unavailable)]
    [InlineData(504, GrpcStatusCode.Unavailable)]
    [InlineData(200, GrpcStatusCode.Unknown)]
    public async Task AnAnswerThatIsNoGrpcIsAStatus(int http, GrpcStatusCode code)
    {
        await using RawServer server = await RawServer.StartAsync(async context =>
        {
            context.Response.StatusCode = http;
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync("<html>", context.RequestAborted);
        });

        GrpcException failed = await OwnCallTests.FailsAsync(() => server.Channel.UnaryAsync(EchoService.Say, new Note(), null, server.Limit));

        Assert.Equal(code, failed.Code);
    }

    [Fact]
    public async Task AStatusInTheHeadersCountsWhateverElseTheySay()
    {
        await using RawServer server = await RawServer.StartAsync(context =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers["grpc-status"] = "7";
            context.Response.Headers["grpc-message"] = "gr%C3%BC%ZZ%";
            context.Response.Headers["x-raw-bin"] = "*";
            return Task.CompletedTask;
        });

        GrpcException failed = await OwnCallTests.FailsAsync(() => server.Channel.UnaryAsync(EchoService.Say, new Note(), null, server.Limit));

        Assert.Equal((GrpcStatusCode.PermissionDenied, "grü%ZZ%", 0), (failed.Code, failed.Message, failed.Trailers.Count));
    }

    [Fact]
    public async Task TrailersAloneEndAnEmptyStream()
    {
        await using RawServer server = await RawServer.StartAsync(context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "0";
            return Task.CompletedTask;
        });

        Assert.Empty(await OwnCallTests.CountAsync(server.Channel, 1, server.Limit));
    }

    [Theory]
    [InlineData(0x2, GrpcStatusCode.Internal)]
    [InlineData(0x8, GrpcStatusCode.Cancelled)]
    [InlineData(0xb, GrpcStatusCode.ResourceExhausted)]
    [InlineData(0xc, GrpcStatusCode.PermissionDenied)]
    public async Task AResetStreamIsAStatus(int reset, GrpcStatusCode code)
    {
        await using RawServer server = await RawServer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(Good, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await context.Request.Body.ReadExactlyAsync(new byte[1], context.RequestAborted);
            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(reset);
        });

        using GrpcCall<Note, Note> call = server.Channel.Start(EchoService.Chat, null, server.Limit);
        Assert.Equal("x", (await call.ReadAsync(server.Limit))?.Text);
        await call.WriteAsync(new Note(), server.Limit);
        GrpcException failed = await OwnCallTests.FailsAsync(() => call.ReadAsync(server.Limit));

        Assert.Equal(code, failed.Code);
    }

    [Fact]
    public async Task AnAnswerThatStopsInTheMiddleEndsAtTheDeadline()
    {
        await using RawServer server = await RawServer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(Good.AsMemory(0, 6), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });

        GrpcException failed = await OwnCallTests.FailsAsync(() => server.Channel.UnaryAsync(
            EchoService.Say, new Note(), new GrpcCallOptions { Timeout = TimeSpan.FromMilliseconds(200) }, server.Limit));

        Assert.Equal(GrpcStatusCode.DeadlineExceeded, failed.Code);
    }
}
