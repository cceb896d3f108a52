using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>The in-process signer never contradicts itself, whatever its caller forgets.</summary>
public sealed class SignerTests : IDisposable
{
    private static readonly byte[] Key = [.. new byte[31], 42];
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nitro-signer-");

    private string Marks => Path.Combine(folder.FullName, "deep", "marks.db");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task AskedTwiceItGivesTheSameSignature()
    {
        await using var signer = await OpenAsync();

        var first = await AskAsync(signer, Voucher(1, 5));
        var second = await AskAsync(signer, Voucher(1, 5));

        Assert.Equal(65, first.Signature.Length);
        Assert.Equal(first.Signature.ToArray(), second.Signature.ToArray());
        Assert.Equal(1, signer.Statistics.Commits);
    }

    [Fact]
    public async Task ASmallerVoucherIsRefusedEvenAfterARestart()
    {
        await using (var signer = await OpenAsync())
        {
            Assert.Null((await AskAsync(signer, Voucher(1, 5))).RefusedTag);
        }

        await using var again = await OpenAsync();

        Assert.Equal("voucher-increasing", (await AskAsync(again, Voucher(1, 4))).RefusedTag);
        Assert.Null((await AskAsync(again, Voucher(1, 5))).RefusedTag);
        Assert.Null((await AskAsync(again, Voucher(2, 1))).RefusedTag);
    }

    [Fact]
    public async Task ABatchIsDecidedInOrderAndStoredTogether()
    {
        await using var signer = await OpenAsync();
        var requests = Enumerable.Range(1, 100).Select(total => Voucher(1, total, total)).ToList();
        requests.Add(Voucher(1, 50, 101));

        await signer.SubmitAsync(requests, CancellationToken.None);
        var answers = await AnswersAsync(signer, requests.Count);

        Assert.Equal(Enumerable.Range(1, 101).Select(id => (long)id), answers.Select(answer => answer.EffectId));
        Assert.All(answers[..100], answer => Assert.Null(answer.RefusedTag));
        Assert.Equal("voucher-increasing", answers[100].RefusedTag);
        Assert.True(signer.Statistics.Commits < 100, "requests that wait together share a commit");
        Assert.Equal(100, answers[..100].Select(answer => Convert.ToHexString(answer.Signature.Span)).Distinct().Count());
    }

    [Fact]
    public async Task WhatCannotBeReadIsRefused()
    {
        await using var signer = await OpenAsync();

        Assert.Equal("malformed-request", (await AskAsync(signer, new SignRequest(1, "lane", ["{}"u8.ToArray()], default))).RefusedTag);
        Assert.Equal("malformed-request", (await AskAsync(signer, new SignRequest(1, "lane", ["\0"u8.ToArray()], default))).RefusedTag);
    }

    [Fact]
    public async Task WithoutRoomForMarksThereIsNoAnswerUntilThereIs()
    {
        var complaints = new List<string>();
        await using (var signer = await OpenAsync())
        {
            Assert.Null((await AskAsync(signer, Voucher(1, 1))).RefusedTag);
        }

        var complained = new TaskCompletionSource();
        await using (var full = await OpenAsync(options => options with
        {
            MaximumBytes = 4096 * 5,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            Complain = complaint =>
            {
                complaints.Add(complaint);
                complained.TrySetResult();
            },
        }))
        {
            var requests = Enumerable.Range(2, 200).Select(channel => Voucher(channel, 9, channel)).ToList();
            await full.SubmitAsync(requests, CancellationToken.None);
            await complained.Task.WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(0, full.Statistics.Signed);
        }

        Assert.Contains("marks.db", complaints[0]);
        await using var mended = await OpenAsync();
        Assert.Null((await AskAsync(mended, Voucher(3, 9))).RefusedTag);
    }

    [Fact]
    public async Task MarksBelongToOneKeyAndOneProcess()
    {
        await using (var signer = await OpenAsync())
        {
            Assert.Contains("uses it", (await Assert.ThrowsAsync<MarksException>(() => OpenAsync())).Message);
        }

        byte[] other = [.. new byte[31], 43];
        var refused = await Assert.ThrowsAsync<MarksException>(
            () => InProcessSigner.OpenAsync(other, new InProcessSignerOptions { MarksPath = Marks }, CancellationToken.None));
        Assert.Contains("belongs to", refused.Message);
    }

    [Fact]
    public async Task DamagedMarksAreRefusedAtTheStart()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Marks)!);
        await File.WriteAllTextAsync(Marks, new string('x', 8192));

        Assert.Contains("marks.db", (await Assert.ThrowsAsync<MarksException>(() => OpenAsync())).Message);
    }

    [Fact]
    public async Task TheAddressIsTheKeys()
    {
        await using var signer = await OpenAsync();
        var address = new byte[20];
        Curve.Default.TryGetAddress(Key, address);

        Assert.Equal(address, signer.ChannelAddress.ToArray());
    }

    private Task<InProcessSigner> OpenAsync(Func<InProcessSignerOptions, InProcessSignerOptions>? change = null)
    {
        var options = new InProcessSignerOptions { MarksPath = Marks };
        return InProcessSigner.OpenAsync(Key, change is null ? options : change(options), CancellationToken.None);
    }

    private static SignRequest Voucher(int channel, int total, long effectId = 1) =>
        VoucherRequest.Request(effectId, "lane", Host.TestKeys.AddressOf(Key), channel, total);

    private static async Task<SignAnswer> AskAsync(InProcessSigner signer, SignRequest request)
    {
        await signer.SubmitAsync([request], CancellationToken.None);
        return (await AnswersAsync(signer, 1))[0];
    }

    private static async Task<List<SignAnswer>> AnswersAsync(InProcessSigner signer, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var all = new List<SignAnswer>();
        await foreach (var batch in signer.AnswersAsync(limit.Token))
        {
            all.AddRange(batch);
            if (all.Count >= count)
            {
                break;
            }
        }

        return all;
    }
}
