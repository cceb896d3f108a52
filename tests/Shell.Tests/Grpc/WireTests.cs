using System.IO.Pipelines;
using Google.Protobuf;
using Nitro.Grpc;
using Nitro.Grpc.Wire;
using Nitro.Shell.Tests.Grpc.Messages;
using Xunit;

namespace Nitro.Shell.Tests.Grpc;

/// <summary>How single things are written on the wire and read from it.</summary>
public sealed class WireTests
{
    [Theory]
    [InlineData(0, "0n")]
    [InlineData(1, "100n")]
    [InlineData(10_000, "1000000n")]
    [InlineData(10_000_000, "1000000u")]
    [InlineData(36_000_000_001, "3600001m")]
    [InlineData(10_000_000_000_000, "1000000S")]
    [InlineData(9_000_000_000_000_000, "15000000M")]
    [InlineData(long.MaxValue, "99999999H")]
    public void ATimeIsWrittenInEightDigitsAndNeverShortened(long ticks, string text)
    {
        Assert.Equal(text, TimeoutText.Write(TimeSpan.FromTicks(ticks)));
        Assert.True(TimeoutText.TryRead(text, out TimeSpan read));
        Assert.True(read.Ticks >= ticks || ticks == long.MaxValue);
    }

    [Theory]
    [InlineData("1H", 36_000_000_000)]
    [InlineData("2M", 1_200_000_000)]
    [InlineData("00000003S", 30_000_000)]
    [InlineData("1n", 1)]
    public void ATimeIsRead(string text, long ticks)
    {
        Assert.True(TimeoutText.TryRead(text, out TimeSpan read));
        Assert.Equal(ticks, read.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("1s")]
    [InlineData("-1S")]
    [InlineData("1.5S")]
    [InlineData("123456789S")]
    [InlineData("١S")]
    public void ATimeThatIsNoneIsRefused(string text) => Assert.False(TimeoutText.TryRead(text, out _));

    [Theory]
    [InlineData("plain ~text!", "plain ~text!")]
    [InlineData("100%", "100%25")]
    [InlineData("ü\r\n", "%C3%BC%0D%0A")]
    [InlineData("☃", "%E2%98%83")]
    public void AMessageIsEscaped(string message, string wire)
    {
        Assert.Equal(wire, PercentText.Encode(message));
        Assert.Equal(message, PercentText.Decode(wire));
    }

    [Theory]
    [InlineData("%", "%")]
    [InlineData("%4", "%4")]
    [InlineData("%4g", "%4g")]
    [InlineData("%41%", "A%")]
    [InlineData("%ff", "\ufffd")]
    public void AnEscapeThatIsNoneStands(string wire, string message) => Assert.Equal(message, PercentText.Decode(wire));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData(":path")]
    [InlineData("grpc-status")]
    [InlineData("Content-Type")]
    [InlineData("TE")]
    [InlineData("naïve")]
    public void ANameThatIsNotOursIsRefused(string name) => Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add(name, "x"));

    [Theory]
    [InlineData("grpc-tags-bin")]
    [InlineData("content-x-bin")]
    [InlineData("a b-bin")]
    public void ANameForBytesIsJudgedToo(string name) => Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add(name, [1]));

    [Fact]
    public void TheRichStatusIsTheApplications()
    {
        var metadata = new GrpcMetadata();
        metadata.Add("grpc-status-details-bin", [1, 2]);
        Assert.Equal("AQI", metadata.Single().Value);
    }

    [Fact]
    public void AValueMustFitItsName()
    {
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("x-text", "line\nend"));
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("x-text", "ü"));
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("x-text", "space "));
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("x-raw-bin", "text"));
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("x-text", [1]));
        var metadata = new GrpcMetadata();
        metadata.Add("x-text", "x");
        Assert.Throws<InvalidOperationException>(() => metadata.Find("x-text")!.Bytes);
    }

    [Fact]
    public async Task MessagesAreFoundHoweverTheyAreCut()
    {
        Note[] notes = [.. Enumerable.Range(0, 20).Select(number => new Note { Number = number, Text = new string('x', number * 7) })];
        byte[] bytes = [.. notes.SelectMany(RawClient.Frame)];
        for (int piece = 1; piece <= 64; piece++)
        {
            var pipe = new Pipe();
            Task writing = WriteAsync(pipe.Writer, bytes, piece);
            var reader = new MessageReader<Note>(pipe.Reader, Note.Parser, 1024, null);
            foreach (Note note in notes)
            {
                Assert.Equal(note, await reader.ReadAsync(CancellationToken.None));
            }

            Assert.Null(await reader.ReadAsync(CancellationToken.None));
            await writing;
        }
    }

    [Fact]
    public async Task AnyBytesGiveMessagesOrAStatus()
    {
        var random = new Random(4);
        for (int round = 0; round < 5_000; round++)
        {
            byte[] bytes = RawClient.Frame((byte)random.Next(3), new byte[random.Next(40)], (uint)random.Next(60));
            random.NextBytes(bytes.AsSpan(5));
            var reader = new MessageReader<Note>(PipeReader.Create(new(bytes)), Note.Parser, 50, random.Next(2) == 0 ? null : "gzip");
            try
            {
                while (await reader.ReadAsync(CancellationToken.None) is not null)
                {
                }
            }
            catch (GrpcException e)
            {
                Assert.True(e.Code is GrpcStatusCode.Internal or GrpcStatusCode.ResourceExhausted);
            }
        }
    }

    private static async Task WriteAsync(PipeWriter writer, byte[] bytes, int piece)
    {
        foreach (byte[] chunk in bytes.Chunk(piece))
        {
            await writer.WriteAsync(chunk);
        }

        await writer.CompleteAsync();
    }
}
