using Nitro.Grpc;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>Who may attach: the first signer that comes tells the node who it is; from then on only those of the same two keys.</summary>
internal sealed class SignerGate
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<SignerAddresses> _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SignerAddresses? _ours;

    public SignerGate(SignerAddresses? known)
    {
        _ours = known;
        if (known is not null)
        {
            _met.SetResult(known);
        }
    }

    /// <summary>Whose node this is.</summary>
    public Task<SignerAddresses> Met => _met.Task;

    /// <summary>Lets a signer in.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT: it does not say who it is. FAILED_PRECONDITION: it is another's.</exception>
    public SignerAddresses Enter(GrpcMetadata metadata)
    {
        var said = SignerAddresses.TryRead(metadata.Find(SignerApiTerms.ChannelAddress)?.Value, metadata.Find(SignerApiTerms.ChainAccount)?.Value)
            ?? throw new GrpcException(
                GrpcStatusCode.InvalidArgument,
                $"A signer names its addresses in {SignerApiTerms.ChannelAddress} and {SignerApiTerms.ChainAccount}: 0x and 40 hexadecimal digits each.");
        SignerAddresses ours;
        lock (_gate)
        {
            ours = _ours ??= said;
        }

        _met.TrySetResult(ours);
        return said == ours
            ? said
            : throw new GrpcException(
                GrpcStatusCode.FailedPrecondition,
                $"This node belongs to the signer of {ours.Channel} with the chain account {ours.Chain}, not to {said.Channel} with {said.Chain}. "
                + "Attach that signer, or this one to its own node.");
    }
}
