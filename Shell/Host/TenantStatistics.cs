using Nitro.Ports;

namespace Nitro.Host;

/// <summary>What a tenant has done since it was opened, and where it stands.</summary>
/// <param name="JournalPosition">The position that the next record will get.</param>
/// <param name="Journal">Records, appends, commits (fsyncs on the embedded store) and bytes since the opening.</param>
/// <param name="Steps">Events stepped.</param>
/// <param name="Turns">Groups of events that were made durable together.</param>
/// <param name="MessagesSent">Frames that a peer took.</param>
/// <param name="MessagesReceived">Frames from peers, taken or not.</param>
/// <param name="Offences">Frames of peers that were called an offence.</param>
/// <param name="Signatures">Signatures received from the signer.</param>
/// <param name="SignaturesRefused">Refusals received from the signer.</param>
/// <param name="Retries">Frames, signing requests and chain calls handed over again.</param>
/// <param name="OpenObjectives">Objectives that have not ended.</param>
/// <param name="UnfinishedEffects">Promises not known to be kept.</param>
/// <param name="Waiting">Events and calls that wait.</param>
/// <param name="Chain">Connection, progress and cost of the chain adapter.</param>
/// <param name="Signer">Whether a signer is there, and what waits for it.</param>
/// <param name="Network">Where peers reach the tenant, and what was carried.</param>
public sealed record TenantStatistics(
    long JournalPosition,
    JournalStatistics Journal,
    long Steps,
    long Turns,
    long MessagesSent,
    long MessagesReceived,
    long Offences,
    long Signatures,
    long SignaturesRefused,
    long Retries,
    int OpenObjectives,
    int UnfinishedEffects,
    int Waiting,
    ChainHealth Chain,
    SignerHealth Signer,
    LinkHealth Network);
